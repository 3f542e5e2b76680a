"""Titles become path components, episodes become relative paths, and no path leaves its root.

What comes from a page is hostile until it passed here: ``path_component`` for every name, ``inside`` for every
finished path. Length limits count UTF-8 bytes, since that is what file systems count.
"""

from __future__ import annotations

import os
import re
import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aniworld.core.errors import InvalidInput, UnsafePath

MAX_BYTES = 240
TEMPLATE_BYTES = 120
DEFAULT_TEMPLATE = "{series} - S{season:02}E{episode:02} - {title}"

# Folders that systems, network disks, recycle bins and programs make among a user's own, with or without videos in
# them. Synology: @eaDir, #recycle, #snapshot, @tmp, @sharebin; QNAP: @Recycle, @Recently-Snapshot, @Transcode, Network
# Recycle Bin; other disks: @Recently-Deleted, @downloads; NetApp: ~snapshot; Buffalo: trashbox; Windows: RECYCLER, Recycled, $RECYCLE.BIN, found.000; Android:
# LOST.DIR; Linux: lost+found, .Trash-1000; macOS: Network Trash Folder, Temporary Items; Plex: Plex Versions; Samba:
# @GMT-…; SABnzbd: _UNPACK_…, __ADMIN__; NZBGet: _unpack; Transmission: incomplete; Unmanic; Safari: Name.mkv.download.
_IGNORED = re.compile(
    r"""
      @(?:eadir|recycle[rd]?(?:[ ._-]?bin)?|recently[ ._-]?(?:snapshots?|deleted|removed)|snapshots?|deleted|te?mp|cache
         |trash(?:can|box|ed)?|sharebin|sharesnap|(?:__)?thumbs?|__qini|transcode|upload_cache|s2s|syno(?:\w*[a-z0-9])?
         |app(?:store|data|conf|home|temp|share)|databases?|downloads?|docker|img_bkp_cache|activebackup(?:\w*[a-z0-9])?|antivirus
         |autoupdate|clamav|cloudsync|config_backup|iscsi(?:\w*[a-z0-9])?|maillog|mailscanner|optware|postfix|quarantine|smallupd(?:\w*[a-z0-9])?
         |spool|usbcopy|userpreference|xferlog)
    | [#~](?:recycle(?:[ ._-]?bin)?|(?:recently-)?snapshots?|trash|te?mp|ckpt)
    | [$](?:recycle[ ._]bin|winreagent|sysreset|getcurrent|extend|upgrade\.~os|windows\.~\w+|av_\w+)
    | _?recycle[rd] | [_$.]?recycle[ ._]bin | recyclebin | _recycle_? | @gmt-[0-9]{4}[0-9.-]* | network[ ]recycle[ ]bin(?:[ ][0-9]+)?
    | \.?trash-[0-9]+ | trashbox | network[ ]trash[ ]folder | temporary[ ]items | thevolumesettingsfolder
    | found\.[0-9]{3} | lost\+found(?:\.[0-9]+)? | lost\.dir | system[ ]volume[ ]information
    | msdownld\.tmp | config\.msi | wpsystem | __macosx | plex[ ]versions
    | _(?:unpack|failed|join)_.* | _?incomplete | _unpack | __admin__ | unmanic_file_conversion-.*
    | .+\.(?:mkv|mp4|avi|webm|m4v|mov|wmv|ts|mpg|mpeg|flv)\.download
    """,
    re.IGNORECASE | re.VERBOSE,
)
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: reserved with any extension, too.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?=[ .]*(\.|$))", re.IGNORECASE)
_READABLE = str.maketrans({"/": "-", "\\": "-", "|": "-", '"': "'", "<": "(", ">": ")", "*": "", "?": ""})
_BLANK_LETTERS = dict.fromkeys(map(ord, "\u115f\u1160\u2800\u3164\uffa0"), " ")  # letters that show nothing
_CONTROL = {"Cc", "Cf", "Cs"}
_SPACES = {"Zs", "Zl", "Zp"}
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}(\.[A-Za-z0-9]{1,8})?")
_EMPTY = re.compile(r"[ ._-]*(?:\[\x00\]|\(\x00\)|\x00)")


def same_name(one: str, other: str) -> bool:
    """Whether two names are one on a file system that ignores case and normal form."""
    return folded(one) == folded(other)


def folded(name: str) -> str:
    """The form in which names are compared: case-folded, NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_ignored_folder(name: str) -> bool:
    """Whether a folder of this name belongs to a system, a recycle bin or a program: hidden, or one of theirs."""
    return name.startswith(".") or _IGNORED.fullmatch(name) is not None


def path_component(title: str, *, fallback: str = "untitled", max_bytes: int = MAX_BYTES) -> str:
    """One name that every file system takes, read as ``title`` as far as that goes; never a path.

    NFC, at most ``max_bytes`` in UTF-8. ``fallback`` where nothing is left.
    """
    name = _trimmed(_readable(title[: 8 * max_bytes]), max_bytes)
    if found := _RESERVED.match(name):
        name = _trimmed(f"{found[0]}_{name[len(found[0]) :]}", max_bytes)
    elif is_ignored_folder(name):
        name = _trimmed(f"{name.lstrip('_')}_", max_bytes)
    return name or (path_component(fallback, fallback="untitled", max_bytes=max_bytes) if fallback else "")


def _readable(title: str) -> str:
    text = re.sub(r":(?=\s)", " -", unicodedata.normalize("NFC", title)).replace(":", "-")
    text = text.translate(_READABLE).translate(_BLANK_LETTERS)
    return unicodedata.normalize("NFC", " ".join("".join(map(_visible, text)).split()))


def _visible(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() else (" " if char.isspace() else "")
    category = unicodedata.category(char)
    return " " if category in _SPACES else "" if category in _CONTROL else char


def _trimmed(name: str, max_bytes: int) -> str:
    return cut(name.strip(" ."), max_bytes).strip(" .")


def cut(text: str, max_bytes: int) -> str:
    """The longest beginning of ``text`` that fits ``max_bytes`` in UTF-8 and parts no letter from its marks."""
    raw = text.encode("utf-8", "ignore")
    if len(raw) <= max_bytes:
        return raw.decode("utf-8")
    short = raw[: max(max_bytes, 0)].decode("utf-8", "ignore")
    if len(short) < len(text) and unicodedata.combining(text[len(short)]):
        while short and unicodedata.combining(short[-1]):
            short = short[:-1]
        short = short[:-1]
    return short


def folder_name(name: str, year: int | None = None) -> str:
    """The series' folder, e.g. ``Attack on Titan (2013)``; a year that is no year of films is left out."""
    suffix = f" ({year})" if year and 1900 <= year <= 2199 else ""
    stem = path_component(name, max_bytes=MAX_BYTES - len(suffix))
    return stem if stem.endswith(suffix) else stem + suffix


def season_folder(season: int) -> str:
    """``Season 01``; ``Season 00`` holds specials and films."""
    return f"Season {season:02d}"


@dataclass(frozen=True)
class EpisodeNaming:
    """What a template may speak of. ``last_episode`` where one file holds several: ``S01E01-E03``."""

    series: str
    season: int
    episode: int
    title: str = ""
    title_en: str = ""
    year: int | None = None
    absolute: int | None = None
    language: str = ""
    quality: str = ""
    hoster: str = ""
    last_episode: int | None = None


EXAMPLE = EpisodeNaming("Steinwacht", 1, 2, "Der Anfang", "The Beginning", 2021, 2, "ger-dub", "1080p", "VOE")

_NUMBERS = frozenset({"season", "episode", "absolute", "year"})
_TEXTS = frozenset({"series", "title", "title_en", "language", "quality", "hoster"})
_SHORTENED = ("title", "title_en", "hoster", "quality", "language", "series")  # given up in this order
_WIDTH, _TRUNCATION = re.compile(r"0?[1-9]?"), re.compile(r"(?:\.[1-9][0-9]{0,2})?")
_KEEPS_EPISODES_APART = ({"season", "episode"}, {"absolute"})


@dataclass(frozen=True)
class _Token:
    name: str
    form: str

    def shown(self, values: Mapping[str, str]) -> str:
        """The token's text; NUL marks an empty one."""
        value = values[self.name]
        if self.name in _NUMBERS:
            value = "-E".join(part.rjust(int(self.form or 1), "0") for part in value.split("-E")) if value else ""
        elif self.form:
            value = value[: int(self.form[1:])].strip()
        return value or "\x00"


def check_template(text: str) -> str:
    """The template itself, if it can name every episode apart. Raises InvalidInput saying what is wrong.

    A template is text with tokens such as ``{series}``, ``{episode:02}`` (width) or ``{title:.60}`` (at most so many
    letters). It names a file, without folders and extension.
    """
    if not isinstance(text, str) or not text.strip():
        raise _wrong("The template is empty.")
    literal = "".join(part for part in _parts(text) if isinstance(part, str))
    if len(text) > 500 or len(literal.encode("utf-8", "replace")) > TEMPLATE_BYTES:
        raise _wrong(f"The template's own text is longer than {TEMPLATE_BYTES} bytes.")
    if any(_visible(char) != char or char in '/\\:*?"<>|' for char in literal):
        raise _wrong('The template holds a character that no file name may have, such as / \\ : * ? " < > |.')
    names = {part.name for part in _parts(text) if isinstance(part, _Token)}
    if not any(needed <= names for needed in _KEEPS_EPISODES_APART):
        raise _wrong("The template needs {season} and {episode}, or {absolute}; else episodes would share a name.")
    return text


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(message, {"episode_template": [message]})


def _parts(template: str) -> list[str | _Token]:
    """Literal text and tokens in their order. Nothing is ever looked up by name, index or attribute."""
    parts: list[str | _Token] = []
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError:
        raise _wrong("A brace in the template is not closed; write {{ for a brace of its own.") from None
    for literal, name, form, conversion in pieces:
        parts.append(literal)
        if name is not None:
            parts.append(_token(name, form or "", conversion))
    return parts


def _token(name: str, form: str, conversion: str | None) -> _Token:
    if name not in _NUMBERS | _TEXTS:
        known = " ".join(f"{{{token}}}" for token in sorted(_NUMBERS | _TEXTS))
        raise _wrong(f"{{{name[:40]}}} is no token; there are {known}.")
    rule = _WIDTH if name in _NUMBERS else _TRUNCATION
    if conversion or not rule.fullmatch(form):
        raise _wrong(
            f"{{{name}:{form[:20]}}} is malformed; write {{episode:02}} for a width, {{title:.60}} for a length."
        )
    return _Token(name, "" if form == "0" else form)


def episode_path(
    template: str, naming: EpisodeNaming, ext: str, *, season_folders: bool = True, max_bytes: int = MAX_BYTES
) -> PurePosixPath:
    """Where an episode's file goes, relative to the series folder: ``Season 01/<Name> - S01E02 - <Title>.<ext>``.

    An empty token takes the brackets around it and the separator before it with it. What is too long loses first of its
    title. Raises InvalidInput for a bad template or extension.
    """
    ending = ext.removeprefix(".")
    if not _EXTENSION.fullmatch(ending):
        raise InvalidInput(f"{ext[:20]!r} is no file extension.")
    parts = _parts(check_template(template))
    room = max_bytes - len(ending) - 1
    stem = path_component(_fitted(parts, _values(naming, parts), room), max_bytes=room)
    name = f"{stem}.{ending}"
    return PurePosixPath(season_folder(naming.season), name) if season_folders else PurePosixPath(name)


def _values(naming: EpisodeNaming, parts: list[str | _Token]) -> dict[str, str]:
    values = {name: _readable(getattr(naming, name)) for name in _TEXTS}
    last = naming.last_episode
    values["season"], values["episode"] = str(naming.season), str(naming.episode)
    if last and last > naming.episode:
        values["episode"] = f"{naming.episode}-E{last}"
    values["year"] = str(naming.year or "")
    values["absolute"] = str(naming.absolute or "")
    if not naming.absolute and not any(isinstance(part, _Token) and part.name == "episode" for part in parts):
        values["absolute"] = f"S{naming.season:02d}E{naming.episode:02d}"  # so that no two episodes share a name
    return values


def _fitted(parts: list[str | _Token], values: dict[str, str], room: int) -> str:
    text = _rendered(parts, values)
    for name in _SHORTENED:
        while values[name] and (excess := len(text.encode()) - room) > 0:
            values[name] = cut(values[name], len(values[name].encode()) - excess).strip()
            text = _rendered(parts, values)
    return text


def _rendered(parts: list[str | _Token], values: Mapping[str, str]) -> str:
    text = "".join(part if isinstance(part, str) else part.shown(values) for part in parts)
    return _EMPTY.sub("", text).strip(" ._-")


def inside(root: Path, path: Path, links: Iterable[str | Path] = ()) -> Path:
    """The resolved ``path`` (relative ones stand under ``root``), if it lies in ``root`` or in one of ``links``, the
    folders that a link in ``root`` may lead to. Raises UnsafePath.

    The last guard before a path is opened: links are followed, and whole components are compared, never text.
    """
    try:
        home = os.path.realpath(root)
        real = os.path.realpath(os.path.join(home, path))
        homes = [home, *(os.path.realpath(one) for one in links if str(one))]
        safe = any(os.path.commonpath([one, real]) == one for one in homes)
    except (ValueError, OSError, RuntimeError):  # NUL, another drive, a loop of links
        safe = False
    if not safe:
        shown = str(path).encode("ascii", "backslashreplace").decode()[:200]
        raise UnsafePath(f"{shown!r} leads out of its folder and is not touched.")
    return Path(real)


def entry_inside(root: Path, path: Path, links: Iterable[str | Path] = ()) -> Path:
    """As ``inside``, for the entry itself: a link at the end of ``path`` is not followed."""
    return inside(root, path.parent, links) / path.name
