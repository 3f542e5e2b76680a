"""What comes from outside, in its normal form, or InvalidInput with a sentence that says what would be right.

InvalidInput is a ValueError. Each check looks at the kind and the length first, so that huge input costs nothing.
"""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from aniworld.core.addresses import SCHEMES, check_url
from aniworld.core.errors import AddressRefused, InvalidInput
from aniworld.core.keys import KEY_FORM, KEY_LENGTH
from aniworld.core.media import ABSOLUTE_EPISODES, EPISODES_IN_A_SEASON, KNOWN_LANGUAGES, LANGUAGE_FORM
from aniworld.core.naming import path_component
from aniworld.core.sites import ENGINE_1, ENGINE_2, site_of_host

NAME_LENGTH, FOLDER_LENGTH, URL_LENGTH = 500, 255, 2000
CONFIG_DEPTH, CONFIG_VALUES, CONFIG_TEXT = 6, 10_000, 20_000
QUALITIES = ("best", "worst", "360p", "480p", "720p", "1080p")

_NO_WRITING = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # https://www.unicode.org/reports/tr9/
_SERIES = r"(?!stream/?$)[A-Za-z0-9_-]{1,255}(?:/[A-Za-z0-9/_-]{0,100})?"
_SERIES_PATHS = {
    ENGINE_1: re.compile(rf"/(?:anime|serie)/stream/{_SERIES}"),
    ENGINE_2: re.compile(rf"/serie/(?:stream/)?{_SERIES}"),
}
_BACKUP = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,150}(?<!\.)")


def holds_control(text: str) -> bool:
    """Whether a name holds what is no part of one: line breaks, other control characters, half a surrogate pair, or
    marks that turn the direction of what is written after it.
    """
    return any(unicodedata.category(char) in _NO_WRITING or char in _TURNING for char in text)


def validate_series_key(key: str) -> str:
    """The key without spaces around it, e.g. ``attack-on-titan``."""
    text = _text(key, "key", "The series key", KEY_LENGTH)
    if not KEY_FORM.fullmatch(text):
        raise _invalid(
            "key", "The series key has lower-case letters, digits and single hyphens only, like attack-on-titan."
        )
    return text


def validate_series_key_or_folder(identifier: str, allow_folder: bool = True) -> tuple[str, bool]:
    """(identifier, True) for a key, (folder name, False) for anything else that a folder may be called."""
    text = _text(identifier, "identifier", "The identifier", FOLDER_LENGTH)
    if KEY_FORM.fullmatch(text):
        return text, True
    if not allow_folder:
        raise _invalid("identifier", "The series is named by its key, like attack-on-titan.")
    if text in (".", "..") or any(char in "/\\" or unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise _invalid("identifier", "This is neither a series key nor the name of a folder.")
    return text, False


def validate_folder(folder: str) -> str:
    """The name of one folder, spelled as it is: a folder that exists may begin with a space or hold any letters."""
    _text(folder, "folder", "The folder", FOLDER_LENGTH)
    if len(folder) > FOLDER_LENGTH:
        raise _invalid("folder", f"The folder is longer than {FOLDER_LENGTH} characters.")
    separators = ("/", "\0", os.sep)  # a backslash is a letter like any other where it separates nothing
    is_path = folder.strip() in (".", "..") or any(one in folder for one in separators)
    if is_path or any(unicodedata.category(char) == "Cs" for char in folder):
        raise _invalid("folder", "The folder must be the name of one folder in the library, not a path.")
    return folder


def validate_series_name(name: str) -> str:
    """The name in NFC with single spaces."""
    text = _text(name, "name", "The series name", NAME_LENGTH)
    if holds_control(text):
        raise _invalid("name", "The series name holds control characters.")
    return " ".join(unicodedata.normalize("NFC", text).split())


def validate_episode_range(
    start: int | str, end: int | str | None = None, *, absolute: bool = False
) -> tuple[int, int]:
    """(first, last) episode number of a season, 1 to 1000; ``absolute`` numbers may be higher."""
    highest = ABSOLUTE_EPISODES if absolute else EPISODES_IN_A_SEASON
    first = _number(start, highest)
    last = first if end is None else _number(end, highest)
    if last < first:
        raise _invalid("episode", "The last episode of a range comes before its first.")
    return first, last


def _number(value: object, highest: int) -> int:
    digits = value.strip() if isinstance(value, str) and len(value) < 20 else value
    if isinstance(digits, str) and len(digits) < 20 and digits.isascii() and digits.isdigit():
        digits = int(digits)
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= highest:
        raise _invalid("episode", f"An episode number is a whole number from 1 to {highest}.")
    return digits


def validate_download_quality(quality: str) -> str:
    """One of best, worst, 360p, 480p, 720p, 1080p."""
    text = _text(quality, "quality", "The quality", 20).lower()
    if text not in QUALITIES:
        raise _invalid("quality", f"The quality is one of {', '.join(QUALITIES)}.")
    return text


def validate_language(language: str) -> str:
    """A language code such as ``ger-dub``."""
    text = _text(language, "language", "The language", 20).lower()
    if not LANGUAGE_FORM.fullmatch(text):
        raise _invalid("language", f"The language is a code such as {', '.join(KNOWN_LANGUAGES)}.")
    return text


def validate_anime_url(url: str, mirrors: Iterable[str] = ()) -> str:
    """The address of a series (or of a part of it) on a known site, without query, fragment and last slash.

    One without a scheme, ``aniworld.to/anime/stream/x`` or ``//aniworld.to/anime/stream/x``, is taken as https. The
    path has to be of the host's own site. Slugs and paths without a host are the catalogues' alone: they name no site.
    ``mirrors``: further sites, as host, ``host:port`` or base address.
    """
    text = _text(url, "link", "The link", URL_LENGTH)
    if text.startswith("//"):
        text = f"https:{text}"
    elif "://" not in text and not text.startswith("/"):
        text = f"https://{text}"
    try:
        host, port = check_url(text)
    except AddressRefused as error:
        raise _invalid("link", str(error)) from None
    parts = urlsplit(text)
    if not _known(host.rstrip("."), port, parts.scheme.lower(), mirrors):
        raise _invalid("link", f"{host} is none of the known catalogue sites.")
    path = parts.path.rstrip("/")
    site = site_of_host(host)
    forms = _SERIES_PATHS.values() if site is None else (_SERIES_PATHS[site],)
    if not any(form.fullmatch(path) for form in forms):
        raise _invalid(
            "link", "The link leads to no series; it looks like https://aniworld.to/anime/stream/attack-on-titan."
        )
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{path}"


def _known(host: str, port: int, scheme: str, mirrors: Iterable[str]) -> bool:
    if site_of_host(host) is not None and port == SCHEMES[scheme]:
        return True
    return any(_names(mirror, host, port) for mirror in mirrors)


def _names(mirror: str, host: str, port: int) -> bool:
    try:
        parts = urlsplit(mirror if "://" in mirror else f"//{mirror}")
        named = parts.hostname, parts.port or SCHEMES.get(parts.scheme)
    except ValueError:
        return False
    if named[1] is None:
        return named[0] == host and port in SCHEMES.values()
    return named == (host, port)


def validate_backup_name(name: str) -> str:
    """The name of a backup: one file name of letters, digits, ``_``, ``-`` and single dots."""
    text = _text(name, "name", "The backup's name", 200)
    if not _BACKUP.fullmatch(text) or path_component(text, fallback="") != text:
        raise _invalid("name", "There is no backup of such a name.")
    return text


def validate_config_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``data`` in plain JSON kinds: names are text, numbers finite, depth, size and lengths bounded.

    Which settings there are, and what they may be, is the schema's to say.
    """
    if not isinstance(data, Mapping):
        raise InvalidInput("The configuration is a JSON object.")
    return _Plain().mapping(data, "", 1)


class _Plain:
    """Copies JSON and counts its values on the way."""

    def __init__(self) -> None:
        self.values = 0

    def mapping(self, data: Mapping[Any, Any], where: str, depth: int) -> dict[str, Any]:
        plain = {}
        for name, value in data.items():
            if not isinstance(name, str) or not 0 < len(name) <= 100:
                raise _invalid(where or "configuration", "Names of settings are short texts.")
            plain[name] = self.value(value, f"{where}.{name}" if where else name, depth + 1)
        return plain

    def value(self, value: Any, where: str, depth: int) -> Any:
        self.values += 1
        if depth > CONFIG_DEPTH or self.values > CONFIG_VALUES:
            raise _invalid(where, "This is nested too deeply or too large.")
        if isinstance(value, Mapping):
            return self.mapping(value, where, depth)
        if isinstance(value, list | tuple):
            return [self.value(item, where, depth + 1) for item in value]
        return _scalar(value, where)


def _scalar(value: Any, where: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= CONFIG_TEXT and not any("\ud800" <= char <= "\udfff" for char in value):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise _invalid(where, "This is no text, finite number, true, false, list or object of a sensible size.")


def sanitize_filename(name: str, *, field: str = "filename") -> str:
    """``name`` as one path component that every file system takes. Raises InvalidInput where nothing is left.

    ``field``: what the request calls it, for the error.
    """
    if not isinstance(name, str):
        raise _invalid(field, "The file name must be text.")
    clean = path_component(name, fallback="")
    if not clean:
        raise _invalid(field, "Nothing of this file name can be used.")
    return clean


def _text(value: object, field: str, what: str, longest: int) -> str:
    if not isinstance(value, str):
        raise _invalid(field, f"{what} must be text.")
    if len(value) > 2 * longest + 100 or len(text := value.strip()) > longest:
        raise _invalid(field, f"{what} is longer than {longest} characters.")
    if not text:
        raise _invalid(field, f"{what} is empty.")
    return text


def _invalid(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, {field: [message]})
