"""The hoster for every page that states its media openly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from aniworld.core.errors import HosterUnsupported, LinkDead, SourceError
from aniworld.core.heights import class_of, limit_of
from aniworld.core.media import Stream, StreamKind
from aniworld.core.placeholders import is_placeholder
from aniworld.providers.fetch.browser_checks import sign_of
from aniworld.providers.fetch.client import Page
from aniworld.providers.fetch.parse_thread import parsed
from aniworld.providers.hosters.player_page import Medium, PlayerFacts, parse_player
from aniworld.providers.plugin_api.base import Hoster

FRAME_DEPTH = 2
_UNKNOWN_ADAPTIVE, _UNKNOWN_FILE = 1079, 479


class Embed(Hoster):
    """Open players: video elements, set-up calls, og:video, JSON-LD, plain addresses, frames up to two levels deep."""

    name = "embed"

    def claims(self, url: str) -> bool:
        return urlsplit(url).scheme in ("http", "https")

    def stream(self, url: str, *, referer: str, quality: str = "best") -> Stream:
        return self._stream(url, referer, quality, FRAME_DEPTH)

    def _stream(self, url: str, referer: str, quality: str, depth: int) -> Stream:
        page = self.gate.get(url, referer=referer or None, skip_media=True)
        host = urlsplit(page.url).hostname or ""
        _check_status(page, host)
        if page.media and is_placeholder(page.url):
            raise _gone(host, urlsplit(page.url).path.rsplit("/", 1)[-1])
        if page.media or page.text.lstrip().startswith("#EXTM3U"):
            return self._itself(page, referer)
        facts = parsed(parse_player, page.text, page.url)
        if facts.drm:
            raise HosterUnsupported(f"{host} protects its video with DRM; another hoster has to be used.")
        if facts.media:
            return self._chosen(facts.media, facts, page, quality)
        return self._inside(facts, page, quality, depth)

    def _inside(self, facts: PlayerFacts, page: Page, quality: str, depth: int) -> Stream:
        """The page states no media: its frames are asked, then what its set-up names oddly; else the reason is told."""
        checked = not facts.gone and sign_of(page, nothing_found=True, leads_on=facts.moved) is not None
        fault: SourceError = _browser_check(urlsplit(page.url).hostname) if checked else _without_media(facts, page)
        for frame in facts.frames if depth > 0 else ():
            try:
                stream = self._stream(frame, page.url, quality, depth - 1)
                return replace(stream, subtitles=(*stream.subtitles, *facts.subtitles))
            except SourceError as error:
                guess = isinstance(error, LinkDead) and frame in facts.guessed
                fault = fault if checked or guess or isinstance(fault, LinkDead) else error
        if facts.only and not facts.gone:
            return self._chosen(facts.only, facts, page, quality)
        raise fault

    def _itself(self, page: Page, referer: str) -> Stream:
        playlist = "mpegurl" in page.content_type or urlsplit(page.url).path.lower().endswith(".m3u8")
        kind = StreamKind.HLS if playlist or page.body else StreamKind.FILE
        return Stream(kind, page.url, self._headers(page.url, referer or page.url))

    def _chosen(self, media: Sequence[Medium], facts: PlayerFacts, page: Page, quality: str) -> Stream:
        medium = choose(media, quality)
        kind = StreamKind.HLS if medium.adaptive else StreamKind.PAGE if medium.ending == "mpd" else StreamKind.FILE
        headers = self._headers(medium.url, page.url)
        return Stream(kind, medium.url, headers, facts.duration, medium.height, subtitles=facts.subtitles)

    def _headers(self, url: str, referer: str) -> dict[str, str]:
        """What a browser would send from the player's page; ``Origin`` only to another origin, as browsers do."""
        headers = {"User-Agent": self.gate.user_agent, "Referer": referer.split("#", 1)[0]}
        here, there = urlsplit(referer), urlsplit(url)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            headers["Origin"] = f"{here.scheme}://{here.netloc}"
        return headers


def choose(media: Sequence[Medium], quality: str = "best") -> Medium:
    """The medium that ``quality`` wishes. Of equals the first; a DASH manifest only if there is nothing else."""
    plain = [medium for medium in media if medium.ending != "mpd"] or list(media)
    if quality == "worst":
        return min(plain, key=_lines)
    limit = limit_of(quality)
    fitting = [one for one in plain if limit is None or one.adaptive or class_of(None, _lines(one)) <= limit]
    return max(fitting, key=_lines) if fitting else min(plain, key=_lines)


def _lines(medium: Medium) -> int:
    return medium.height or (_UNKNOWN_ADAPTIVE if medium.adaptive else _UNKNOWN_FILE)


def _check_status(page: Page, host: str) -> None:
    if page.gone:
        raise LinkDead(f"The video at {host} is gone (status {page.status}); another hoster has to be used.")
    if sign_of(page):
        raise _browser_check(host)
    if page.status in (401, 403):
        raise HosterUnsupported(f"{host} refuses its page (status {page.status}); another hoster has to be used.")
    if page.status >= 400:
        raise LinkDead(f"The video at {host} does not open (status {page.status}); another hoster has to be used.")


def _browser_check(host: str | None) -> HosterUnsupported:
    return HosterUnsupported(
        f"{host} asks for a browser check. Open it in a browser, wait a while, or use another network or hoster."
    )


def _gone(host: str | None, words: str) -> LinkDead:
    return LinkDead(f"{host} says that the video is gone (“{words}”); another hoster has to be used.")


def _without_media(facts: PlayerFacts, page: Page) -> SourceError:
    host = urlsplit(page.url).hostname
    if facts.gone:
        return _gone(host, facts.gone)
    if facts.hidden:
        return HosterUnsupported(f"{host} hides its video in an obfuscated player; another hoster has to be used.")
    if facts.moved and not facts.frames:
        return HosterUnsupported(
            f"{host} sends the browser to an address that it does not state openly; another hoster has to be used."
        )
    return HosterUnsupported(f"{host} does not state its video openly; another hoster has to be used.")
