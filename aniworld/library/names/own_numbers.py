"""The numbers of a file's name below a folder that names an episode itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aniworld.library.names import patterns as p
from aniworld.library.names.cleaned_names import without_group, without_name, words_of

# What an obfuscated release is called: hexadecimal digits without a meaning.
_OBFUSCATED = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{16,}(?![0-9A-Za-z])", re.IGNORECASE)
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


def other_number_in(stem: str, folder_name: str, names: Sequence[str], season: int, episode: int) -> bool:
    """Whether the name has any number but this episode's, written as ``07`` or, in season 2, as ``207``.

    A date counts as a number. Sizes, codecs, checksums, the series' name, a year in brackets, and one that the folder
    has, too, do not.
    """
    if p.DATE.search(stem):
        return True
    text = p.HASH.sub(" ", _OBFUSCATED.sub(" ", stem.replace("_", " ")))
    tail = without_name(without_group(p.NOISE.sub(" ", text)).lstrip(), names)[1]
    same = {episode, 100 * season + episode} if season else {episode}

    for year in _YEAR.findall(folder_name):
        tail = re.sub(rf"(?<![0-9]){year}(?![0-9])", " ", tail)

    def without_same(found: re.Match[str]) -> str:
        return " " if int(found[0]) in same else found[0]

    return re.search(r"[0-9]", _WHOLE_NUMBER.sub(without_same, _YEAR_IN_BRACKETS.sub(" ", tail))) is not None
