"""Subtitles as facts: their languages, the names that media servers read, and what they mean for an episode's language.

Jellyfin, Plex and Kodi read ``Name.de.vtt``: the video's stem, a two-letter code, then ``forced`` or ``sdh``. Jellyfin
also knows ``default``; Plex documents no such flag, so it is never written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

FORMATS = frozenset({"vtt", "srt", "ass", "ssa"})  # what the application writes
SIDECAR = FORMATS | {"sub", "idx", "sup", "smi", "ttml"}  # what it recognises next to a video
UNKNOWN = "und"  # ISO 639-2: the language is not known
NO_SUBTITLES = "jpn"  # the code of an episode in Japanese without subtitles

# Code of ISO 639-2 → code of ISO 639-1, then other codes and names that playlists, players and files use.
_LANGUAGES = {
    "ger": "de deu german deutsch",
    "eng": "en english englisch",
    "jpn": "ja jp japanese japanisch 日本語",
    "fre": "fr fra french französisch français francais",
    "spa": "es spanish spanisch español espanol castellano",
    "ita": "it italian italienisch italiano",
    "por": "pt portuguese portugiesisch português portugues",
    "rus": "ru russian russisch русский",
    "tur": "tr turkish türkisch türkçe",
    "pol": "pl polish polnisch polski",
    "dut": "nl nld dutch niederländisch nederlands",
    "ara": "ar arabic arabisch العربية",
    "chi": "zh zho cn chinese chinesisch 中文 mandarin",
    "kor": "ko korean koreanisch 한국어",
    "swe": "sv swedish schwedisch svenska",
    "dan": "da danish dänisch dansk",
    "nor": "no nb nob norwegian norwegisch norsk",
    "fin": "fi finnish finnisch suomi",
    "cze": "cs ces czech tschechisch čeština",
    "slo": "sk slk slovak slowakisch slovenčina",
    "hun": "hu hungarian ungarisch magyar",
    "rum": "ro ron romanian rumänisch română",
    "gre": "el ell greek griechisch ελληνικά",
    "heb": "he iw hebrew hebräisch עברית",
    "hin": "hi hindi हिन्दी",
    "ind": "id indonesian indonesisch",
    "may": "ms msa malay malaiisch melayu",
    "tha": "th thai thailändisch ไทย",
    "vie": "vi vietnamese vietnamesisch tiếng",
    "ukr": "uk ukrainian ukrainisch українська",
    "bul": "bg bulgarian bulgarisch български",
    "hrv": "hr croatian kroatisch hrvatski",
    "srp": "sr serbian serbisch српски",
    "slv": "sl slovenian slowenisch slovenščina",
    "cat": "ca catalan katalanisch català",
    "fil": "tl fil filipino tagalog",
    "per": "fa fas persian persisch فارسی",
}
_CODES = {word: code for code, words in _LANGUAGES.items() for word in (code, *words.split())}
_SHORT = {code: words.split()[0] for code, words in _LANGUAGES.items()}
_NAMES = {code: next(word for word in words.split() if len(word) > 3) for code, words in _LANGUAGES.items()}
_FORCED = frozenset({"forced", "foreign"})
_SDH = frozenset({"sdh", "cc", "hi"})
_OTHER_FLAGS = frozenset({"default"})
_WORD = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile(r"\b(?:forced|erzwungen|signs(?:\s*(?:&|and|/)\s*songs)?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class SubtitleTrack:
    """Subtitles that a source states apart from the video. ``language``: a code such as ``ger``, empty if not stated.

    ``text``: the subtitles themselves, where the source brought them along; ``url`` is empty then.
    """

    url: str
    language: str = ""
    label: str = ""
    forced: bool = False
    sdh: bool = False
    text: str = ""


@dataclass(frozen=True)
class SubtitleFile:
    """Fetched subtitles. ``name``: of the file in the transfer's folder, empty where they are inside the video.

    ``format``: one of FORMATS.
    """

    name: str
    format: str
    language: str = ""
    forced: bool = False
    sdh: bool = False


def language_code(word: str | None) -> str:
    """The three-letter code for a language as a tag or a label states it (``de-DE``, ``Deutsch``); empty if unknown."""
    text = (word or "").strip().casefold()
    base = re.split(r"[-_]", text, maxsplit=1)[0]
    if base in _CODES:
        return _CODES[base]
    return next((_CODES[one] for one in _WORD.findall(text) if len(one) > 3 and one in _CODES), "")


def language_of(tag: str | None, label: str | None) -> str:
    """The code by the tag, else by the label."""
    return language_code(tag) or language_code(label)


def is_forced_label(label: str) -> bool:
    """Whether a label says that only signs and foreign dialogue are translated."""
    return bool(_SIGNS.search(label))


def english_name(code: str) -> str:
    """``German`` for ``ger``; "unknown language" for none."""
    return _NAMES.get(code, code).capitalize() if code and code != UNKNOWN else "unknown language"


def wanted_subtitles(language: str | None) -> str | None:
    """The language that must be read for a code such as ``ger-sub``; None where no subtitles belong to it."""
    return language[:-4] if language and language.endswith("-sub") else None


def suffixes(files: Iterable[SubtitleFile]) -> list[str]:
    """How each file goes on after the video's stem: ``.de.vtt``, ``.de.forced.srt``, a second one ``.2.de.vtt``."""
    taken: set[str] = set()
    found = []
    for one in files:
        if one.format not in FORMATS:
            raise ValueError(f"{one.format!r} is not a format of subtitles")
        flags = (".forced" if one.forced else "") + (".sdh" if one.sdh else "")
        short = _SHORT.get(one.language, one.language if re.fullmatch(r"[a-z]{2,3}", one.language) else "")
        tag = (f".{short}" if short else "") + flags
        suffix = next(name for name in _numbered(f"{tag}.{one.format}") if name not in taken)
        taken.add(suffix)
        found.append(suffix)
    return found


def _numbered(suffix: str) -> Iterable[str]:
    yield suffix
    for number in range(2, 1000):
        yield f".{number}{suffix}"


def is_subtitle_name(name: str) -> bool:
    """Whether a file is subtitles by the ending of its name."""
    return name.rpartition(".")[2].lower() in SIDECAR


def language_in_rest(rest: str) -> str:
    """The code in what follows the video's stem, such as ``.de.forced.srt``; ``und`` where none is named."""
    words = [word.casefold() for word in rest.split(".")[:-1] if word]
    while words and words[-1] in _FORCED | _SDH | _OTHER_FLAGS:
        words.pop()
    return (language_code(words[-1]) if words else "") or UNKNOWN


def codes_of(files: Iterable[SubtitleFile]) -> list[str]:
    """The languages of the files, each once, in order."""
    return list(dict.fromkeys(one.language or UNKNOWN for one in files))


def language_after(language: str | None, before: Collection[str] | None, now: Sequence[str] | None) -> str | None:
    """The language that an episode is in once its subtitles changed from ``before`` to ``now`` (None: not known).

    An episode whose subtitles were a file of their own is not in ``ger-sub`` any more without that file, and is again
    with one.
    """
    wanted = wanted_subtitles(language)
    if wanted and before and wanted in before and now is not None and wanted not in now:
        return NO_SUBTITLES
    if lacks_subtitles(language, before) and now and now[0] != UNKNOWN:
        return f"{now[0]}-sub"
    return language


def subtitles_after(path: str, before: Sequence[str] | None, found: Sequence[str]) -> list[str] | None:
    """What is known of a video's subtitles once its sidecar files were seen; ``before``: what was known so far.

    Those inside a Matroska file cannot be seen and stay; of another file, what was known and is gone is gone.
    """
    if before and path.lower().endswith((".mkv", ".webm")):
        return [*before, *(code for code in found if code not in before)]
    return list(found) if found or before is not None else None


def lacks_subtitles(language: str | None, subtitles: Collection[str] | None) -> bool:
    """Whether an episode is known to be without the subtitles that it came for; ``None``: nothing is known of them."""
    return language == NO_SUBTITLES and subtitles is not None and not subtitles
