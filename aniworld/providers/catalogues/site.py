"""What both engines share: links, mirrors, protection pages, conditional requests, and the way to a hoster."""

from __future__ import annotations

import re
import threading
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from urllib.parse import unquote, urlsplit

from aniworld.core.errors import AddressRefused, InvalidInput, LinkDead, NothingThere, PageChanged, SiteUnreachable
from aniworld.core.keys import SLUG_FORM, gives_key, key_from_slug
from aniworld.core.media import HosterLink
from aniworld.core.sites import site_of_host, successor_of
from aniworld.providers.catalogues.parsed_pages import SeasonAbsent
from aniworld.providers.fetch.browser_checks import blocked, check_obstacle, sign_of
from aniworld.providers.fetch.client import Gate, Page, redirect_target
from aniworld.providers.fetch.images import Cover, fetch_cover
from aniworld.providers.fetch.parse_thread import parsed
from aniworld.providers.hosters.player_page import parse_player
from aniworld.providers.plugin_api.base import Catalogue, CatalogueSettings

T = TypeVar("T")

PAGES_REMEMBERED = 256
PAGE_BYTES = 8 * 1024 * 1024
HOPS = 5

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAYER = re.compile(r"<video|<source|og:video|\.m3u8|\.mp4|contenturl|jwplayer|sources\s*:", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where a link points in a catalogue. ``root``: the series' path; ``rest``: ``staffel-1/episode-2`` or empty."""

    root: str
    slug: str
    rest: str = ""

    @property
    def path(self) -> str:
        return f"{self.root}/{self.rest}" if self.rest else self.root


class Site(Catalogue):
    """A catalogue site at one or several base addresses; the host of a link never decides where it is fetched."""

    home: ClassVar[str]
    form: ClassVar[re.Pattern[str]]

    def __init__(self, gate: Gate, settings: CatalogueSettings | None = None) -> None:
        super().__init__(gate, settings)
        self._lock = threading.Lock()
        self._good = 0
        self._remembered: OrderedDict[str, tuple[str, str, Any]] = OrderedDict()

    @property
    def base_urls(self) -> Sequence[str]:
        wanted = (self.settings.base_url or self.home, *self.settings.mirrors)
        return tuple(dict.fromkeys(url.strip().rstrip("/") for url in wanted if url.strip()))

    def claims(self, link: str) -> bool:
        if self.place(link) is None:
            return False
        host = host_of(link)
        return host is None or self._is_own(host)

    def key_of(self, link: str) -> str:
        return key_from_slug(self._asked(link).slug)

    def series_link(self, link: str) -> str:
        return self.base_urls[0] + self._asked(link).root

    def cover(self, url: str) -> Cover:
        """As in the base class; what a known host of this site kept is asked at the configured address."""
        _, base = next(self._bases())
        return fetch_cover(self.gate, self._rebased(url, base), referer=base + "/")

    def place(self, link: str) -> Place | None:
        """Where ``link`` points, whatever its host; None for no series of this engine."""
        text = link.strip()
        if _CONTROL.search(text):  # urlsplit leaves them out, and another series would be named
            return None
        slug = text.rstrip("/")
        place = self._from_slug(slug) if SLUG_FORM.fullmatch(slug) else self._from_address(text)
        return place if place is not None and gives_key(place.slug) else None

    def _from_address(self, text: str) -> Place | None:
        try:
            found = self.form.search(unquote(urlsplit(with_scheme(text)).path))
        except ValueError:
            return None
        return self._from_match(found) if found else None

    @abstractmethod
    def _from_slug(self, slug: str) -> Place: ...

    @abstractmethod
    def _from_match(self, found: re.Match[str]) -> Place | None: ...

    def _asked(self, link: str) -> Place:
        place = self.place(link)
        if place is None:
            raise InvalidInput(f"This is no link to a series of {self.site}.", {"link": ["Names no series."]})
        return place

    def _is_own(self, host: str | None) -> bool:
        """Whether a host is this site's: configured, or known as one of its addresses."""
        own = {(host_of(url) or "").removeprefix("www.") for url in self.base_urls}
        return host is not None and (host.removeprefix("www.") in own or site_of_host(host) == self.site)

    def _ask(self, ask: Callable[[str], Page]) -> Page:
        """``ask(base)`` at the first base that answers, the last good one first. Raises what the first one raised."""
        fault: SiteUnreachable | AddressRefused | None = None
        for number, base in self._bases():
            try:
                page = ask(base)
            except (SiteUnreachable, AddressRefused) as error:
                fault = fault or error
                continue
            self._good = number
            check_obstacle(page)
            return page
        raise fault or SiteUnreachable(f"No address of {self.site} is configured.")

    def _bases(self) -> Iterator[tuple[int, str]]:
        bases = list(enumerate(self.base_urls))
        good = self._good if self._good < len(bases) else 0
        return iter(bases[good:] + bases[:good])

    def _facts(self, path: str, parse: Callable[[str, str], T], *, max_bytes: int = PAGE_BYTES) -> T:
        """What ``parse(text, address)`` reads at ``path``; from memory where the site says that nothing changed.

        Raises NothingThere, CatalogueBlocked, SiteUnreachable, PageChanged.
        """
        page = self._ask(lambda base: self._conditional(base + path, max_bytes))
        known = self._remembered.get(page.url)
        if page.not_modified and known is not None:
            remembered: T = known[2]
            return remembered
        self._check_status(page)
        facts = self._parsed(page, parse, path)
        self._remember(page, facts)
        return facts

    def _conditional(self, url: str, max_bytes: int) -> Page:
        etag, modified, _ = self._remembered.get(url, (None, None, None))
        referer = self._root_of(url) + "/"
        return self.gate.get(
            url, etag=etag or None, last_modified=modified or None, max_bytes=max_bytes, referer=referer
        )

    def _parsed(self, page: Page, parse: Callable[[str, str], T], path: str) -> T:
        try:
            return parsed(parse, page.text, page.url)
        except (PageChanged, SeasonAbsent) as error:
            check_obstacle(page, nothing_found=True)
            if self.place(path) is not None and self.place(page.url) is None:
                raise NothingThere(f"{self.name} has nothing at {path}; it sends to {page.url} instead.") from error
            raise

    def _remember(self, page: Page, facts: object) -> None:
        etag, modified = page.headers.get("etag", ""), page.headers.get("last-modified", "")
        if not (etag or modified):
            return
        with self._lock:
            self._remembered[page.url] = (etag, modified, facts)
            self._remembered.move_to_end(page.url)
            while len(self._remembered) > PAGES_REMEMBERED:
                self._remembered.popitem(last=False)

    def _check_status(self, page: Page) -> None:
        if page.gone:
            raise NothingThere(f"{self.name} has nothing at {page.url}.")
        if page.status != 200:
            raise SiteUnreachable(f"{host_of(page.url)} refuses the page (status {page.status}); try again later.")

    def _root_of(self, url: str) -> str:
        return next((base for base in self.base_urls if url.startswith(base + "/")), origin_of(url))

    def _address(self, href: str, page_url: str) -> str:
        """A full address for what a page refers to. A path from the root also works below a base with a path prefix."""
        href = href.strip()
        if re.match(r"https?://", href, re.IGNORECASE):
            return href
        base = self._root_of(page_url)
        if href.startswith("//"):
            return urlsplit(page_url).scheme + ":" + href
        prefix = urlsplit(base).path
        if prefix and href.startswith(prefix + "/"):
            return origin_of(base) + href
        return f"{base}/{href.lstrip('./')}"

    def resolve(self, link: HosterLink) -> str:
        """Follows the catalogue's own redirects by hand, and stops at the first address elsewhere, unfetched."""
        if not self._is_own(host_of(link.url)):
            return link.url
        page = self._ask(lambda base: self._pointer(link, base))
        for _ in range(HOPS):
            if page.status not in (301, 302, 303, 307, 308):
                return self._arrived(page, link)
            target = redirect_target(page)
            if not target:
                raise LinkDead(f"The link to {link.hoster} leads nowhere.")
            if not self._is_own(host_of(target)):
                return target
            target = self._rebased(target, self.base_urls[0]) if successor_of(origin_of(target)) else target
            page = self.gate.get(target, referer=link.referer, follow=False, skip_media=True)
            check_obstacle(page)
        raise LinkDead(f"The link to {link.hoster} leads in a circle.")

    def _pointer(self, link: HosterLink, base: str) -> Page:
        referer = self._rebased(link.referer, base) if link.referer else base + "/"
        return self.gate.get(self._rebased(link.url, base), referer=referer, follow=False, skip_media=True)

    def _rebased(self, url: str, base: str) -> str:
        """An address of this site at another of its bases; any other address as it is."""
        root = self._root_of(url)
        known = root in self.base_urls or self._is_own(host_of(url))
        return base + url[len(root) :] if known else url

    def _arrived(self, page: Page, link: HosterLink) -> str:
        """The answer is no redirect: gone, a check, or a player that the catalogue's own host keeps."""
        if page.gone:
            raise LinkDead(f"The link to {link.hoster} is gone (status {page.status}).")
        if page.status >= 400:
            raise LinkDead(f"The link to {link.hoster} does not open (status {page.status}).")
        moved = urlsplit(page.url).path != urlsplit(self._rebased(link.url, self._root_of(page.url))).path
        if moved and (page.media or _PLAYER.search(page.text) or _frames_a_player(page)):
            return page.url
        raise blocked(page.url, "a page in between instead of the hoster")


def _frames_a_player(page: Page) -> bool:
    """Whether a page holds a frame that may be a player; advertisements and browser checks come in frames, too."""
    return sign_of(page, nothing_found=True) is None and bool(parsed(parse_player, page.text, page.url).frames)


def with_scheme(link: str) -> str:
    """A link that begins with a host name, made a full one; others as they are."""
    bare = re.match(r"(?:(?:[\w-]+\.)+[a-z]{2,}|(?:\d{1,3}\.){3}\d{1,3})(?::\d+)?/", link, re.IGNORECASE)
    return f"https://{link}" if bare else link


def host_of(link: str) -> str | None:
    """Host, with the port where it is no usual one, of a full link; None for a path or a slug."""
    try:
        parts = urlsplit(with_scheme(link.strip()))
        port = parts.port
    except ValueError:
        return ""
    if not parts.netloc:
        return None if not parts.scheme else ""
    usual = port is None or port == {"http": 80, "https": 443}.get(parts.scheme.lower())
    name = (parts.hostname or "").rstrip(".")
    return name if usual else f"{name}:{port}"


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def json_hits(page: Page) -> list[Mapping[str, Any]]:
    """The objects in a JSON array. Raises PageChanged for anything else, CatalogueBlocked for a protection page."""
    try:
        found = page.json()
    except PageChanged:
        check_obstacle(page, nothing_found=True)
        raise
    if not isinstance(found, list):
        raise PageChanged(f"{page.url} was expected to answer with a list and did not.")
    return [hit for hit in found if isinstance(hit, dict)]
