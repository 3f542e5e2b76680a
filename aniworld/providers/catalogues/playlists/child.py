"""The program that lets yt-dlp read a list of videos. The server starts it for each list, and may kill it.

In: one JSON object on standard input, ``{"url", "private_hosts", "user_agent", "timeout_s", "most"}``. Out: one on
standard output, ``{"list": {...}}`` or ``{"error": code, "message"}``. yt-dlp gets an allow-list of options and nothing
from the outside; what it connects to passes the same gate as everything else, and other programs are never started.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from aniworld.core.addresses import AddressRule
from aniworld.core.errors import AniworldError, NothingThere, PageChanged, SiteUnreachable, SourceError
from aniworld.core.guard import Guard
from aniworld.core.ytdlp_handlers import guarded

MEMORY_BYTES = 1536 * 1024 * 1024
LONGEST_TITLE, LONGEST_ADDRESS, LONGEST_TEXT = 500, 2000, 5000
DEPTH, LISTS = 2, 60
_LIST = re.compile(r"(?:Tab|Playlist|Channel|User|Season|Series|Show|Album)$")
_KEPT = ("title", "url", "timestamp", "season_number", "episode_number")
_BARRED = ("sign in", "log in", "captcha", "cloudflare", "impersonat", "browser check")


def run() -> None:
    """Speaks on the pipe that standard output was; whatever else prints goes to standard error."""
    voice = os.dup(1)
    os.dup2(2, 1)
    wish = json.loads(sys.stdin.buffer.readline())
    _bound(int(wish["timeout_s"]))
    try:
        told: dict[str, Any] = {"list": read(wish)}
    except AniworldError as error:
        told = {"error": error.code, "message": str(error)}
    with open(voice, "wb") as out:
        out.write(json.dumps(told).encode("ascii"))
    os._exit(0)


def read(wish: dict[str, Any]) -> dict[str, Any]:
    """The list's facts and entries. Raises NothingThere, SiteUnreachable, AddressRefused, PageChanged."""
    url, guard = str(wish["url"]), Guard(AddressRule.of(wish["private_hosts"]))
    guard.install()
    with _downloader(options(wish)) as ydl:
        try:
            info = ydl.extract_info(url, download=False) or {}
            unread: list[str] = []
            entries = list(_flat(ydl, info, [LISTS], 0, unread))[: int(wish["most"])]
        except Exception as error:  # the wall to foreign code: extractors raise whatever they meet
            raise guard.refused or _in_words(url, error) from error
    if guard.refused is not None and not entries:
        raise guard.refused
    if unread and not entries:
        raise PageChanged(f"yt-dlp cannot read any entry of the list at {_host(url)}; a newer yt-dlp may.")
    if info.get("_type") not in ("playlist", "multi_video"):
        raise NothingThere(f"{_host(url)} shows a single video here, no playlist or channel.")
    return {
        "title": _text(info, "title", LONGEST_TITLE),
        "description": _text(info, "description", LONGEST_TEXT),
        "cover": _cover(info),
        "newest_first": _newest_first(info),
        "entries": entries,
        "unread": len(unread),
    }


def _downloader(options: dict[str, Any]) -> Any:
    """yt-dlp without plug-ins, and without request handlers that would connect past the guard."""
    from yt_dlp import YoutubeDL  # 300 ms and 30 MB, after the guard stands
    from yt_dlp import globals as ytdlp_globals

    class GuardedYoutubeDL(YoutubeDL):
        def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
            return super().build_request_director(guarded(handlers), preferences)

    ytdlp_globals.plugin_dirs.value = []
    return GuardedYoutubeDL(options)


def options(wish: dict[str, Any]) -> dict[str, Any]:
    """Everything that yt-dlp is told; nothing of it can be set from outside but numbers."""
    return {
        "extract_flat": "in_playlist",
        "skip_download": True,
        "playlist_items": f"1:{int(wish['most'])}",
        "logger": _Quiet(),
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": "never",
        "http_headers": {"User-Agent": str(wish["user_agent"])},
        "proxy": "",
        "socket_timeout": 20.0,
        "extractor_retries": 1,
        "cachedir": False,
        "cookiefile": None,
        "cookiesfrombrowser": None,
        "usenetrc": False,
        "enable_file_urls": False,
        "js_runtimes": {},
        "remote_components": [],
        "external_downloader": None,
        "ignoreerrors": False,
        "check_formats": False,
        "fixup": "never",
        "extractor_args": {"generic": {"impersonate": ["false"]}},
    }


class _Quiet:
    """yt-dlp's words are for its own terminal; what matters of them comes as an exception."""

    def debug(self, text: str) -> None:
        return None

    info = warning = error = debug


def _flat(ydl: Any, info: dict[str, Any], left: list[int], depth: int, unread: list[str]) -> Iterator[dict[str, Any]]:
    """The entries of a list, and of the lists in it: a channel's tabs, a show's seasons. ``unread`` grows by those that
    could not be read."""
    for entry in info.get("entries") or ():
        if not isinstance(entry, dict):
            continue
        try:
            inner = entry if entry.get("entries") is not None else None
            if inner is None and depth < DEPTH and left[0] and _LIST.search(str(entry.get("ie_key") or "")):
                left[0] -= 1
                inner = ydl.extract_info(entry["url"], download=False) or {}
            fact = _entry(entry) if inner is None else None
        except Exception as error:  # the boundary to foreign code: one entry must not hide the others
            print(f"An entry could not be read: {type(error).__name__}", file=sys.stderr)
            unread.append(type(error).__name__)
            continue
        if inner is not None and depth < DEPTH:
            yield from _flat(ydl, inner, left, depth + 1, unread)
        elif fact:
            yield fact


def _entry(entry: dict[str, Any]) -> dict[str, Any] | None:
    url = next((one for one in _addresses(entry) if urlsplit(one).scheme in ("http", "https")), None)
    if url is None or len(url) > LONGEST_ADDRESS:
        return None
    fact = {name: entry[name] for name in _KEPT if isinstance(entry.get(name), str | int | float)}
    return fact | {"url": url, "title": _text(entry, "title", LONGEST_TITLE)}


def _addresses(entry: dict[str, Any]) -> Iterator[str]:
    """Where an entry is: its page, or the best of its media where a page of several videos has no page for each."""
    formats = [one for one in entry.get("formats") or () if isinstance(one, dict)]
    for one in (entry.get("url"), *(each.get("url") for each in reversed(formats)), entry.get("webpage_url")):
        if isinstance(one, str):
            yield one


def _text(info: dict[str, Any], name: str, most: int) -> str:
    return str(info.get(name) or "")[:most].encode("utf-8", "ignore").decode()


def _cover(info: dict[str, Any]) -> str | None:
    images = [one.get("url") for one in info.get("thumbnails") or () if isinstance(one, dict)]
    found = info.get("thumbnail") or next((one for one in reversed(images) if one), None)
    return found if isinstance(found, str) and len(found) <= LONGEST_ADDRESS else None


def _newest_first(info: dict[str, Any]) -> bool:
    """A channel shows its newest video first; a playlist keeps the order that its owner gave it."""
    return bool(info.get("channel_id")) and info.get("id") == info.get("channel_id")


def _in_words(url: str, error: Exception) -> SourceError:
    host, text = _host(url), f"{error} {error.__cause__ or ''} {getattr(error, 'exc_info', '')}".lower()
    status = re.search(r"http error (\d{3})", text)
    if "unsupported url" in text or "no video formats" in text:
        return NothingThere(f"yt-dlp finds no list of videos at {host}.")
    if any(word in text for word in _BARRED):
        return SiteUnreachable(f"{host} asks for a browser check or a sign-in for this list.")
    if status and status[1] in ("404", "410", "451"):
        return NothingThere(f"{host} has no such list (status {status[1]}).")
    if status or isinstance(error, OSError) or "urlopen" in text or "timed out" in text or "transport" in text:
        return SiteUnreachable(
            f"{host} does not give its list{f' (status {status[1]})' if status else ''}; try again later."
        )
    return PageChanged(f"yt-dlp cannot read the list at {host} ({type(error).__name__}); a newer yt-dlp may.")


def _host(url: str) -> str:
    return urlsplit(url).hostname or "The site"


def _bound(seconds: int) -> None:
    """However the site behaves, this process ends in time and takes no more than its share of memory."""
    if os.name == "posix":
        import resource  # of POSIX systems

        signal.alarm(seconds)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
