"""A hoster's page that yt-dlp knows: it finds the formats, our own fetchers move the bytes where they can.

yt-dlp gets an allow-list of options and nothing from the outside: no configuration, plug-ins, cookies of a browser,
netrc, external programs, JavaScript engines or clothes of another client. Imports yt-dlp (300 ms, 30 MB).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from yt_dlp import YoutubeDL
from yt_dlp import globals as ytdlp_globals
from yt_dlp.downloader import get_suitable_downloader
from yt_dlp.extractor import gen_extractor_classes
from yt_dlp.utils import YoutubeDLError

from aniworld.core.addresses import check_url
from aniworld.core.chapters import stated
from aniworld.core.errors import (
    AniworldError,
    HosterUnsupported,
    LinkDead,
    MediaExpired,
    SiteUnreachable,
    TransferFailed,
)
from aniworld.core.heights import beyond, limit_of
from aniworld.core.ytdlp_handlers import guarded
from aniworld.transfer.engine.session import Session
from aniworld.transfer.fetchers.hls import HlsFetcher
from aniworld.transfer.fetchers.hls_playlist import code_of, wished_audio
from aniworld.transfer.fetchers.ranges import RangeFetcher
from aniworld.transfer.fetchers.ytdlp_subtitles import stated_subtitles
from aniworld.transfer.protocol.job import (
    Fetched,
    Phase,
    TransferJob,
)

_OWN_DOWNLOADERS = frozenset({"HttpFD", "HlsFD", "DashSegmentsFD", "IsmFD"})
_WORDS = {"ger": "de", "eng": "en", "jpn": "ja"}
_GONE = ("has been removed", "was deleted", "been deleted", "not found", "does not exist", "no longer", "unavailable")
_GUARDED = (
    "captcha",
    "cloudflare",
    "just a moment",
    "verify you are",
    "browser check",
    "impersonat",
    "sign in",
    "log in",
)
_NETWORK = ("timed out", "connection", "resolve", "unreachable", "network", "certificate", "eof occurred")


class GuardedYoutubeDL(YoutubeDL):
    """yt-dlp without request handlers that would connect past the guard."""

    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        return super().build_request_director(guarded(handlers), preferences)


class _Quiet:
    """yt-dlp's words are for its own terminal; what matters of them comes as an exception."""

    def debug(self, text: str) -> None:
        return None

    info = warning = error = debug


def fetch_page(session: Session) -> Fetched:
    """The page's video, fetched. Raises HosterUnsupported, LinkDead, SiteUnreachable and what the fetchers raise."""
    url = session.job.stream.url
    check_url(url)
    with GuardedYoutubeDL(options(session.job)) as ydl:
        info = _resolve(session, lambda: ydl.extract_info(url, download=False, ie_key=extractor_for(url)))
        formats = _formats(info, url)
        session.fetch_subtitles(stated_subtitles(info))
        tracks = _Tracks(session, ydl, info, formats)
        return replace(tracks.fetch(), chapters=stated(info.get("chapters")))


def extractor_for(url: str) -> str | None:
    """The key of the extractor that claims a page, found among those whose pattern names its host; None: ask them all.

    That takes a second of computing, for 1,750 patterns. A manifest's own address is nobody's page.
    """
    parts = urlsplit(url)
    if parts.path.lower().endswith((".mpd", ".m3u8")):
        return "Generic"
    name = _name_of(parts.hostname or "")
    named = (one for one in gen_extractor_classes() if name and name in _pattern(one))
    return next((str(one.ie_key()) for one in named if one.suitable(url)), None)


def _name_of(host: str) -> str:
    """The part of a host's name that its owner chose; "" if there is none that a pattern would spell out."""
    labels = [label for label in host.lower().split(".") if label != "www"][:-1]
    while len(labels) > 1 and len(labels[-1]) <= 3:  # co.uk, com.br
        labels.pop()
    return labels[-1] if labels and len(labels[-1]) >= 3 and not labels[-1].isdigit() else ""


def _pattern(extractor: Any) -> str:
    found = extractor._VALID_URL or ""  # noqa: SLF001 - extractors declare their addresses so
    return (found if isinstance(found, str) else " ".join(found)).replace("\\", "").lower()


def options(job: TransferJob) -> dict[str, Any]:
    """Everything that yt-dlp is told; nothing of it can be set from outside but numbers and the two wishes."""
    ytdlp_globals.plugin_dirs.value = []
    return {
        "format": format_choice(job.quality, job.language),
        "logger": _Quiet(),
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": "never",
        "http_headers": {"User-Agent": job.user_agent} | dict(job.stream.headers),
        "proxy": "",
        "socket_timeout": min(20.0, job.stall_timeout_s),
        "extractor_retries": 2,
        "retries": 5,
        "fragment_retries": 5,
        "file_access_retries": 1,
        "cachedir": False,
        "cookiefile": None,
        "cookiesfrombrowser": None,
        "usenetrc": False,
        "enable_file_urls": False,
        "js_runtimes": {},
        "remote_components": [],
        "external_downloader": None,
        "hls_prefer_native": True,
        "noplaylist": True,
        "playlist_items": "1",
        "ignoreerrors": False,
        "check_formats": False,
        "fixup": "never",
        "concurrent_fragment_downloads": job.connections,
        "skip_unavailable_fragments": False,
        "continuedl": True,
        "keep_fragments": False,
        "ratelimit": job.speed_limit,
        "extractor_args": {"generic": {"impersonate": ["false"]}},
    }


def format_choice(quality: str, language: str | None) -> str:
    """yt-dlp's words for the wish: at most that height, else the smallest; the spoken language first."""
    if quality == "worst":
        return "wv*+wa/w"
    spoken, limit = _WORDS.get(wished_audio(language) or ""), limit_of(quality)
    found: list[str] = []
    for sides in _sides(limit):
        found += [f"bv*{sides}+ba[language^={spoken}]", f"b{sides}[language^={spoken}]"] if spoken else []
    for sides in _sides(limit):
        found += [f"bv*{sides}+ba", f"b{sides}"]
    return "/".join([*found, *(["wv*+ba", "w"] if limit else [])])


def _sides(limit: int | None) -> list[str]:
    """yt-dlp's words for pictures of at most this class (core/heights): those whose height is exactly the class and
    that are very wide, upright ones, then all.
    """
    if limit is None:
        return [""]
    short, long = beyond(limit), beyond(limit) * 16 // 9
    return [
        f"[height={limit}][width>={long}]",
        f"[width={limit}][height>={long}]",
        f"[height>={short}][height<{long}][width<{short}]",
        f"[height<{short}][width<?{long}]",
    ]


def _resolve(session: Session, ask: Callable[[], Any]) -> dict[str, Any]:
    try:
        info: dict[str, Any] | None = ask()
        if info and info.get("_type") == "playlist":
            info = next(iter(info.get("entries") or ()), None)
    except AniworldError:
        raise
    except Exception as error:  # the wall to foreign code: extractors raise whatever they meet
        session.check()
        raise _in_words(session, error) from error
    session.check()
    if not info:
        raise HosterUnsupported(f"{_host(session)} shows no video on this page.")
    if info.get("is_live"):
        raise HosterUnsupported("This is a live broadcast, which has no end that could be downloaded.")
    return info


def _formats(info: dict[str, Any], url: str) -> list[dict[str, Any]]:
    formats = info.get("requested_formats") or [info]
    for one in formats:
        if one.get("has_drm"):
            raise HosterUnsupported("This video is protected by DRM and cannot be downloaded.")
        check_url(one.get("url") or url)
    return formats


class _Tracks:
    """One or two formats of a video, each by the fetcher that fits."""

    def __init__(self, session: Session, ydl: YoutubeDL, info: dict[str, Any], formats: list[dict[str, Any]]) -> None:
        self._session, self._ydl, self._info, self._formats = session, ydl, info, formats
        self._sizes = [int(one.get("filesize") or one.get("filesize_approx") or 0) for one in formats]

    def fetch(self) -> Fetched:
        manifests = {one.get("manifest_url") if self._is_hls(one) else None for one in self._formats}
        manifest = manifests.pop()
        if manifest and not manifests:
            return self._playlist(manifest)
        return self._one_by_one()

    def _playlist(self, manifest: str) -> Fetched:
        """Picture and sound of one master playlist: it says more of what belongs together than its formats do."""
        self._session.adopt(self._headers(self._formats[0]))
        fetched = HlsFetcher(self._session, manifest).run()
        return replace(fetched, duration=fetched.duration or self._info.get("duration"))

    def _one_by_one(self) -> Fetched:
        brought: list[Fetched] = []
        for place, one in enumerate(self._formats):
            self._session.adopt(self._headers(one))
            brought.append(self._track(one, "video" if not place else "audio", place))
        several = len(brought) > 1
        return Fetched(
            tuple(one.tracks[0] for one in brought),
            self._info.get("duration"),
            several or self._is_hls(self._formats[0]),
            code_of(self._formats[-1].get("language")),
            stretches=tuple(one.stretches[0] if one.stretches else () for one in brought),
        )

    def _track(self, one: dict[str, Any], stem: str, place: int) -> Fetched:
        protocol = one.get("protocol") or ""
        if protocol in ("http", "https") and not one.get("fragments"):
            several = len(self._formats) > 1
            extra = sum(self._sizes[place + 1 :]) + (sum(self._sizes) if several else 0)
            return Fetched((RangeFetcher(self._session, one["url"], stem, extra).run(),))
        if self._is_hls(one):
            return HlsFetcher(self._session, one["url"], stem, join_early=False).run()
        return Fetched((self._natively(one, stem),))

    def _natively(self, one: dict[str, Any], stem: str) -> Path:
        """By yt-dlp's own downloader, which goes on where an earlier attempt ended."""
        kind = get_suitable_downloader(one, self._ydl.params)
        if kind is None or kind.__name__ not in _OWN_DOWNLOADERS:
            raise HosterUnsupported(f"{_host(self._session)} sends its video in a way that is not supported.")
        session, path = self._session, self._session.job.folder / f"{stem}.part"
        session.ask_room(2 * sum(self._sizes))
        session.enter(Phase.TRANSFERRING)
        downloader = kind(self._ydl, self._ydl.params)
        downloader.add_progress_hook(self._counter())
        try:
            done = downloader.download(str(path), one | {"http_headers": self._headers(one)})
        except AniworldError:
            raise
        except Exception as error:  # the wall to foreign code
            session.check()
            raise _in_words(session, error, moving=True) from error
        session.check()
        if not (done[0] if isinstance(done, tuple) else done):
            raise TransferFailed(f"{_host(session)} did not send every part of the video.")
        return path

    def _counter(self) -> Callable[[dict[str, Any]], None]:
        meter, base = self._session.meter, self._session.meter.bytes

        def hear(status: dict[str, Any]) -> None:
            self._session.check()
            self._ydl.params["ratelimit"] = self._session.limiter.rate
            meter.add(base + int(status.get("downloaded_bytes") or 0) - meter.bytes)
            total = status.get("total_bytes") or status.get("total_bytes_estimate")
            meter.total = base + int(total) if total else meter.total

        return hear

    def _headers(self, one: dict[str, Any]) -> dict[str, str]:
        headers = dict(self._session.job.stream.headers) | dict(one.get("http_headers") or {})
        cookies = self._ydl.cookiejar.get_cookie_header(one["url"]) if one.get("url") else None
        return headers | ({"Cookie": cookies} if cookies else {})

    @staticmethod
    def _is_hls(one: dict[str, Any]) -> bool:
        return str(one.get("protocol") or "").startswith("m3u8")


def _in_words(session: Session, error: Exception, *, moving: bool = False) -> AniworldError:
    """What yt-dlp met, as one of our errors with a sentence for people."""
    refused: AniworldError | None = session.refused()
    if refused is not None:
        return refused
    host, chain = _host(session), _chain(error)
    text = " ".join(str(one) for one in chain).lower()
    status = next((code for one in chain if isinstance(code := getattr(one, "status", None), int)), None)
    if "unsupported url" in text or any(type(one).__name__ == "UnsupportedError" for one in chain):
        return HosterUnsupported(f"{host} is not among the hosters that can be read, and its page states no video.")
    if "drm" in text.split() or "drm protected" in text:
        return HosterUnsupported(f"The video at {host} is protected by DRM and cannot be downloaded.")
    if any(word in text for word in _GUARDED):
        return HosterUnsupported(
            f"{host} asks for a browser check or a sign-in; open it in a browser, or use another hoster."
        )
    return _by_status(host, status, text, moving) or _by_text(host, text, error)


def _by_status(host: str, status: int | None, text: str, moving: bool) -> AniworldError | None:
    if status in (403, 404, 410, 451):
        if moving:
            return MediaExpired(f"The address at {host} is used up (status {status}); it has to be looked up again.")
        if status == 403:
            return HosterUnsupported(
                f"{host} refuses this page (status 403); open it in a browser, or use another hoster."
            )
        return LinkDead(f"{host} no longer has this video (status {status}).")
    if status is not None and (status == 429 or status >= 500):
        return (
            TransferFailed(f"{host} answers with status {status}.")
            if moving
            else SiteUnreachable(f"{host} answers with status {status}.")
        )
    return None


def _by_text(host: str, text: str, error: Exception) -> AniworldError:
    if any(word in text for word in _GONE):
        return LinkDead(f"{host} no longer has this video.")
    if any(word in text for word in _NETWORK) or isinstance(error, OSError):
        return SiteUnreachable(f"{host} cannot be reached.")
    if isinstance(error, YoutubeDLError):
        return HosterUnsupported(f"{host} hides its video, or its page has changed; another hoster is tried.")
    return TransferFailed(f"Reading {host} failed ({type(error).__name__}).")


def _chain(error: BaseException) -> list[BaseException]:
    """The error and everything that it was raised for, outermost first; yt-dlp keeps its reasons in ``exc_info``."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or one in found:
            continue
        found.append(one)
        info = getattr(one, "exc_info", None)
        waiting += [one.__cause__, one.__context__, getattr(one, "cause", None), info[1] if info else None]
    return found


def _host(session: Session) -> str:
    return urlsplit(session.job.stream.url).hostname or "The hoster"
