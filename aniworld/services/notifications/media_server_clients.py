"""What each media server wants to hear: a few fixed paths, and nothing of its answers goes further than here.

Jellyfin and Emby: ``POST /Library/Media/Updated``. Plex: ``GET /library/sections`` and ``…/refresh?path=``. Kodi:
JSON-RPC
``VideoLibrary.Scan``. As their own documentation describes them.
"""

from __future__ import annotations

import base64
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar
from urllib.parse import urlencode

from aniworld.core.errors import Unavailable
from aniworld.providers.fetch.client import Gate, Page

_SECTION = re.compile(r"\d{1,9}")
FOLDERS_AT_ONCE = 50


@dataclass(frozen=True)
class Line:
    """The way to one server: ``ask`` gives a page of status 2xx, or raises Unavailable or what the gate raises."""

    gate: Gate
    name: str
    base: str

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Page:
        url = self.base + path + (f"?{urlencode(query)}" if query else "")
        wanted = {"Accept": "application/json", **headers}
        if body is not None:
            wanted["Content-Type"] = "application/json"
        page = self.gate.send(
            method, url, headers=wanted, body=None if body is None else json.dumps(body).encode("ascii")
        )
        if not 200 <= page.status < 300:
            raise Unavailable(self._refusal(page.status))
        return page

    def _refusal(self, status: int) -> str:
        if status in (401, 403):
            return f"{self.name} does not take the token; make a new one in its settings."
        if status < 400:
            return f"{self.name} sends to another address; enter the one at which it really is."
        if status < 500:
            return f"There is no {self.name} at this address; check the address and the kind."
        return f"{self.name} has a fault of its own (status {status}); look into its log."


class MediaServer(ABC):
    """``greet`` asks whether the server answers and takes the token; ``tell`` names new files as absolute paths.

    ``mapped``: the owner said how the server sees the library. Both raise Unavailable and the gate's errors.
    """

    name: ClassVar[str]

    def __init__(self, line: Line, token: str, *, mapped: bool = False) -> None:
        self.line = line
        self.token = token
        self.mapped = mapped

    @abstractmethod
    def greet(self) -> None: ...

    @abstractmethod
    def tell(self, files: Sequence[PurePosixPath]) -> None: ...


class Jellyfin(MediaServer):
    """Two header forms: Jellyfin's own, and the older one that Emby knows."""

    name = "Jellyfin"

    def greet(self) -> None:
        _json(self.line.ask("GET", "/System/Info", headers=self._headers()), self.name)

    def tell(self, files: Sequence[PurePosixPath]) -> None:
        updates = [{"Path": str(path), "UpdateType": "Created"} for path in files]
        self.line.ask("POST", "/Library/Media/Updated", headers=self._headers(), body={"Updates": updates})

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f'MediaBrowser Token="{self.token}"', "X-Emby-Token": self.token}


class Plex(MediaServer):
    name = "Plex"

    def greet(self) -> None:
        self._places()

    def tell(self, files: Sequence[PurePosixPath]) -> None:
        """Each folder is refreshed in the library that holds it."""
        places = self._places()
        folders = list(dict.fromkeys(path.parent for path in files))
        known = [(folder, key) for folder in folders if (key := _section_of(folder, places)) is not None]
        for folder, key in known[:FOLDERS_AT_ONCE]:
            query = {"path": str(folder)}
            self.line.ask("GET", f"/library/sections/{key}/refresh", headers=self._headers(), query=query)
        if len(known) < len(folders):
            raise Unavailable(
                "No library of Plex holds the folder of a new episode; set library_path to how Plex sees your library."
            )

    def _places(self) -> list[tuple[str, PurePosixPath]]:
        """Number and folder of each library."""
        answer = _json(self.line.ask("GET", "/library/sections", headers=self._headers()), self.name)
        return list(_sections(answer))

    def _headers(self) -> dict[str, str]:
        return {"X-Plex-Token": self.token, "X-Plex-Client-Identifier": "aniworld", "X-Plex-Product": "Aniworld"}


class Kodi(MediaServer):
    name = "Kodi"

    def greet(self) -> None:
        self._call("JSONRPC.Ping", {})

    def tell(self, files: Sequence[PurePosixPath]) -> None:
        """Only these folders where it is known how Kodi sees them, else everything: Kodi scans what changed."""
        if not self.mapped:
            self._call("VideoLibrary.Scan", {"showdialogs": False})
            return
        for folder in list(dict.fromkeys(path.parent for path in files))[:FOLDERS_AT_ONCE]:
            self._call("VideoLibrary.Scan", {"directory": f"{folder}/", "showdialogs": False})

    def _call(self, method: str, params: Mapping[str, Any]) -> None:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = _json(self.line.ask("POST", "/jsonrpc", headers=self._headers(), body=body), self.name)
        if "error" in answer or "result" not in answer:
            raise Unavailable("Kodi did not take the wish; allow remote control via HTTP in its settings.")

    def _headers(self) -> dict[str, str]:
        if not self.token:
            return {}
        return {"Authorization": f"Basic {base64.b64encode(self.token.encode('ascii')).decode('ascii')}"}


KINDS: dict[str, type[MediaServer]] = {"jellyfin": Jellyfin, "plex": Plex, "kodi": Kodi}


def _json(page: Page, name: str) -> dict[str, Any]:
    try:
        answer = json.loads(page.body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Unavailable(f"What answers there is no {name}; check the address and the kind.")
    return answer


def _sections(answer: dict[str, Any]) -> Iterator[tuple[str, PurePosixPath]]:
    """A server that states anything but numbers and paths is not believed: the number becomes part of an address."""
    container = answer.get("MediaContainer")
    if not isinstance(container, dict):
        raise Unavailable("What answers there is no Plex; check the address and the kind.")
    for section in _dicts(container.get("Directory")):
        key = str(section.get("key"))
        for location in _dicts(section.get("Location")) if _SECTION.fullmatch(key) else ():
            if isinstance(location.get("path"), str) and location["path"]:
                yield key, PurePosixPath(location["path"])


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _section_of(folder: PurePosixPath, places: Sequence[tuple[str, PurePosixPath]]) -> str | None:
    """The library with the innermost folder that holds ``folder``."""
    holding = [(len(place.parts), key) for key, place in places if folder.is_relative_to(place)]
    return max(holding)[1] if holding else None
