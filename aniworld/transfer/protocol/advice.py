"""What is said of a transfer that failed: without paths of this machine, and always with what to do."""

from __future__ import annotations

import re
from pathlib import Path

from aniworld.core import errors
from aniworld.core.errors import AniworldError

NEXT_HOSTER = "Use another hoster, or retry later."
AGAIN = "It is tried again automatically; if the problem persists, use another hoster."
RETRY = "Retry the item; if the problem persists, see the log."
_BY_KIND: tuple[tuple[type[AniworldError], str], ...] = (
    (errors.MediaExpired, AGAIN),
    (errors.TransferFailed, AGAIN),
    (errors.SiteUnreachable, AGAIN),
    (errors.AlreadyRunning, AGAIN),
    (errors.ChildDied, RETRY),
    (errors.SourceError, NEXT_HOSTER),
    (errors.TransferError, NEXT_HOSTER),
)
HAS_ADVICE = re.compile(
    r"\b(?:try again|tried again|another (?:hoster|language|DNS)|use (?:a|another)|make room|install it|retry|open it"
    r"|wait a while|check the|looked up again|when the broadcast has ended)\b|\b(?:connected|writable)\?",
    re.IGNORECASE,
)
_OWN_NAMES = re.compile(
    r"(?<![\w/.-])(?:piece-\d+\.mp4|pieces\.ffconcat|joined\.\w{3}|(?:video|audio)\.(?:part|journal)|media\.(?:json|mp4)"
    r"|segment-\d+\.\w{2,4}|subtitle-\d+\.\w{2,4}|pipe:\d+)\b"
)
_MODULE = re.compile(r"\[[\w,./#: -]{1,60} @ 0x[0-9a-fA-F]+\]\s*")  # which part of ffmpeg said it
_QUOTED = re.compile(r"(?<=(['\"]))(?:file://)?(?:[A-Za-z]:\\|/)(?![/ ])[^'\"\n]{0,1000}[/\\][^'\"\n]{0,300}(?=\1)")
_FILE_URL = re.compile(r"\bfile:/{1,3}[^\s'\"|;,()<>]+")
_SPACED = re.compile(r"(?<![\w:/.<])/(?:[^\s'\"|:;,()<>/]+(?: [^\s'\"|:;,()<>/]+){0,4}/)+[^\s'\"|:;,()<>]*")
_PATH = re.compile(r"(?<![\w:/.<])(?:[A-Za-z]:\\|/)(?:[^\s'\"|:;,()<>/\\]+[/\\])+[^\s'\"|:;,()<>]*")
_FILE = "the file"


def told(error: AniworldError, folder: Path) -> str:
    """The error's text for people. ``folder``: the working folder, which says nothing to them."""
    text = _without_paths(str(error), folder)
    if HAS_ADVICE.search(text):
        return text
    advice = next((words for kind, words in _BY_KIND if isinstance(error, kind)), RETRY)
    text = text.rstrip()
    return f"{text if text.endswith(('.', '!', '?', '…')) else text + '.'} {advice}"


def _without_paths(text: str, folder: Path) -> str:
    """Folders may have spaces in their names: ours are looked for as they are, others by their form."""
    text = _FILE_URL.sub(_FILE, _MODULE.sub("", text))
    text = _QUOTED.sub(_FILE, text)
    for one in (folder, *folder.parents[:2]):
        if len(str(one)) > 1:
            text = re.sub(rf"{re.escape(str(one))}(?:/[^\s'\":;,()]*)?", _FILE, text)
    return _OWN_NAMES.sub(_FILE, _PATH.sub(_FILE, _SPACED.sub(_FILE, text)))
