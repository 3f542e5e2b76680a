"""From a flag's file name, a key number or a label to a language code.

The flag file decides, not the key number: 2 and 3 mean other things on another site.
"""

from __future__ import annotations

import re

from aniworld.core.media import ENG_DUB, ENG_SUB, GER_DUB, GER_SUB, JPN

# ISO 639-2/B, as `ger` in `ger-dub`
WORDS = {
    "german": "ger", "deutsch": "ger", "english": "eng", "englisch": "eng", "japanese": "jpn", "japanisch": "jpn",
    "french": "fre", "spanish": "spa", "italian": "ita", "portuguese": "por", "russian": "rus", "turkish": "tur",
    "polish": "pol", "chinese": "chi", "korean": "kor", "arabic": "ara", "dutch": "dut", "thai": "tha",
    "swedish": "swe", "danish": "dan", "norwegian": "nor", "finnish": "fin", "czech": "cze", "hungarian": "hun",
    "greek": "gre", "romanian": "rum", "hindi": "hin", "indonesian": "ind", "vietnamese": "vie", "ukrainian": "ukr",
}  # fmt: skip
BY_KEY = {"1": GER_DUB, "2": ENG_SUB, "3": GER_SUB, "4": ENG_DUB}
LABELS = {
    "deutsch": GER_DUB, "german": GER_DUB, "ger": GER_DUB, "ger-dub": GER_DUB,
    "ger-sub": GER_SUB, "deutsch-sub": GER_SUB, "mit deutschen untertiteln": GER_SUB, "deutsche untertitel": GER_SUB,
    "englisch": ENG_DUB, "english": ENG_DUB, "eng": ENG_DUB, "eng-dub": ENG_DUB,
    "eng-sub": ENG_SUB, "englisch-sub": ENG_SUB, "english-sub": ENG_SUB, "englische untertitel": ENG_SUB,
    "japanisch": JPN, "japanese": JPN, "jpn": JPN, "jap": JPN,
}  # fmt: skip

_FILE = re.compile(r"([A-Za-z-]+)\.(?:svg|png|webp|gif|jpe?g)$", re.IGNORECASE)


def from_flag(name: str) -> str | None:
    """``japanese-german`` → ``ger-sub``: audio first, then subtitles; one word is dubbed, but Japanese is ``jpn``."""
    words = [WORDS.get(word) for word in name.strip().lower().split("-") if word]
    if not words or None in words or len(words) > 2:
        return None
    if len(words) == 2:
        return f"{words[1]}-sub"
    return JPN if words[0] == JPN else f"{words[0]}-dub"


def from_flag_file(address: str | None) -> str | None:
    """The language of a flag image by its file name, e.g. ``/public/img/german.svg?v=2``; None for any other image."""
    found = _FILE.search(re.split(r"[?#]", address or "", maxsplit=1)[0].rsplit("/", 1)[-1])
    return from_flag(found[1]) if found else None


def from_label(text: str | None) -> str | None:
    """The language of a label such as ``Ger-Sub``; None for an unknown one."""
    label = re.sub(r"[\s_]+", "-", (text or "").strip().lower())
    return LABELS.get(label) or LABELS.get(label.replace("-", " ")) or from_flag(label)
