"""The numbers of a file's name below a folder that names an episode itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aniworld.library.names import patterns as p
from aniworld.library.names.cleaned_names import without_group, without_name, words_of

# What an obfuscated release is called: hexadecimal digits without a meaning, or letters and digits without a word.
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{16,}(?![0-9A-Za-z])", re.IGNORECASE)
_ONE_TOKEN = re.compile(r"[0-9A-Za-z]{16,}")
_SAYS_SOMETHING = re.compile(r"[a-z]{4}|[A-Z]{8}|[eEfFsSxX][0-9]{2}|[0-9]{3}")
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_YEAR_IN_BRACKETS = re.compile(rf"[(\[]{_YEAR.pattern}[)\]]")
_WHOLE_NUMBER = re.compile(r"(?<![0-9A-Za-z.])[0-9]{1,5}(?![0-9A-Za-z])")


def title_of_folder(name: str) -> str | None:
    """The words in front of the folder's code, as its files may begin: ``Mob Psycho 100`` of ``Mob.Psycho.100.S02E07``.
    None where there are none.
    """
    code = p.CODE.search(name)
    title = words_of(name[: code.start()]) if code else ""
    return title if re.search(r"[^\W\d_]", title) else None


def is_obfuscated(stem: str) -> bool:
    """Whether the whole name is one random token, such as ``gNWDXow11s7E0X7GTDrZ``."""
    kinds = (re.search(kind, stem) for kind in (r"[0-9][A-Za-z].*[0-9]", r"[a-z]", r"[A-Z]"))
    return _ONE_TOKEN.fullmatch(stem) is not None and all(kinds) and not _SAYS_SOMETHING.search(stem)


def reversed_code(stem: str, season: int, episode: int) -> bool:
    """Whether the name, read backwards, has this episode's code: ``10E20S.teksaB.stiurF``."""
    codes = [tuple(map(int, code.groups()[:2])) for code in p.CODE.finditer(stem[::-1]) if not code[3]]
    return codes == [(season, episode)]


def other_number_in(stem: str, folder_name: str, names: Sequence[str], season: int, episode: int) -> bool:
    """Whether the name has any number but this episode's, written as ``07`` or, in season 2, as ``207``.

    Behind the letters of a shortened name the season's stands, too: ``tbbt207``.
    A date counts as a number. Sizes, codecs, checksums, the series' name, a year in brackets, and one that the folder
    has, too, do not.
    """
    if is_obfuscated(stem) or reversed_code(stem, season, episode):
        return False
    if p.DATE.search(stem):
        return True
    text = p.HASH.sub(" ", _HEXADECIMAL.sub(" ", stem.replace("_", " ")))
    tail = without_name(without_group(p.NOISE.sub(" ", text)).lstrip(), names)[1]
    same = {episode}
    if season:
        same.add(100 * season + episode)
        tail = re.sub(rf"(?<=[A-Za-z])0?{season}{episode:02d}(?![0-9A-Za-z])", " ", tail)
    for year in _YEAR.findall(folder_name):
        tail = re.sub(rf"(?<![0-9]){year}(?![0-9])", " ", tail)

    def without_same(found: re.Match[str]) -> str:
        return " " if int(found[0]) in same else found[0]

    return re.search(r"[0-9]", _WHOLE_NUMBER.sub(without_same, _YEAR_IN_BRACKETS.sub(" ", tail))) is not None
