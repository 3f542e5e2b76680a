"""From a flag's file name, a key number or a label to a language code.

The flag file decides, not the key number: 2 and 3 mean other things on another site.
"""

from __future__ import annotations

import re

from aniworld.core.media import ENG_DUB, ENG_SUB, GER_DUB, GER_SUB, JPN

# ISO 639-2/B, as `ger` in `ger-dub`
WORDS = {
    "german": "ger",
    "deutsch": "ger",
    "english": "eng",
    "englisch": "eng",
    "japanese": "jpn",
    "japanisch": "jpn",
    "french": "fre",
    "spanish": "spa",
    "italian": "ita",
    "portuguese": "por",
    "russian": "rus",
    "turkish": "tur",
    "polish": "pol",
    "chinese": "chi",
    "korean": "kor",
    "arabic": "ara",
    "dutch": "dut",
    "thai": "tha",
    "swedish": "swe",
    "danish": "dan",
    "norwegian": "nor",
    "finnish": "fin",
    "czech": "cze",
    "hungarian": "hun",
    "spanisch": "spa",
    "französisch": "fre",
    "italienisch": "ita",
    "türkisch": "tur",
    "russisch": "rus",
    "polnisch": "pol",
    "chinesisch": "chi",
    "koreanisch": "kor",
    "portugiesisch": "por",
    "niederländisch": "dut",
    "arabisch": "ara",
    "greek": "gre",
    "romanian": "rum",
    "hindi": "hin",
    "indonesian": "ind",
    "vietnamese": "vie",
    "ukrainian": "ukr",
}
BY_LANGUAGE_ID = {"1": GER_DUB, "2": ENG_SUB, "3": GER_SUB}  # engine 2
BY_KEY = {"1": GER_DUB, "2": ENG_SUB, "3": GER_SUB, "4": ENG_DUB}
LABELS = {
    "deutsch": GER_DUB,
    "german": GER_DUB,
    "ger": GER_DUB,
    "ger-dub": GER_DUB,
    "ger-sub": GER_SUB,
    "deutsch-sub": GER_SUB,
    "mit deutschen untertiteln": GER_SUB,
    "deutsche untertitel": GER_SUB,
    "englisch": ENG_DUB,
    "english": ENG_DUB,
    "eng": ENG_DUB,
    "eng-dub": ENG_DUB,
    "eng-sub": ENG_SUB,
    "englisch-sub": ENG_SUB,
    "english-sub": ENG_SUB,
    "englische untertitel": ENG_SUB,
    "japanisch": JPN,
    "japanese": JPN,
    "jpn": JPN,
    "jap": JPN,
}

_SUBTITLES, _DUBBED = "sub", "dub"
_SUBTITLE_WORD = re.compile(r"(?:unter|sub)(?:titel[ns]?|title[sd]?|t|bed|s)?$|ut$")
_BETWEEN = frozenset({"mit", "with", "und", "and", "in", "auf", "ton", "audio", "original", "originalton"})
_SHORT = {"ger": "ger", "deu": "ger", "de": "ger", "eng": "eng", "en": "eng", "jap": "jpn", "jpn": "jpn", "ja": "jpn"}
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
    """The language of a label such as ``Ger-Sub`` or ``Englisch mit deutschen Untertiteln``; None for an unknown
    one.
    """
    label = re.sub(r"[\s_]+", "-", (text or "").strip().lower())
    return LABELS.get(label) or LABELS.get(label.replace("-", " ")) or from_flag(label) or _in_words(text or "")


def _in_words(text: str) -> str | None:
    """The subtitles' language stands behind the word for subtitles, or before it; audio alone is dubbed."""
    words = [_sense(word) for word in re.findall(r"[^\W\d_]+", text.lower())]
    if None in words:
        return None
    senses = [word or "" for word in words]
    spoken = [place for place, word in enumerate(senses) if word not in ("", _SUBTITLES, _DUBBED)]
    if _SUBTITLES in senses:
        at = senses.index(_SUBTITLES)
        behind = next((place for place in range(at + 1, len(senses)) if senses[place]), None)
        near = [place for place in (behind, at - 1) if place in spoken]
        return f"{senses[near[0]]}-sub" if near and near[0] is not None else None
    if len(spoken) != 1:
        return None
    return JPN if senses[spoken[0]] == JPN else f"{senses[spoken[0]]}-dub"


def _sense(word: str) -> str | None:
    """What a word of a label means: a language's code, a marker, empty for words between; None for an unknown one."""
    if _SUBTITLE_WORD.match(word):
        return _SUBTITLES
    if word.startswith(("dub", "synchro")):
        return _DUBBED
    if word in _BETWEEN:
        return ""
    bare = re.sub(r"(?<=sch)(?:e[mnrs]?)$", "", word)  # deutschen Untertiteln, japanischer Ton
    return WORDS.get(word) or WORDS.get(bare) or _SHORT.get(word)
