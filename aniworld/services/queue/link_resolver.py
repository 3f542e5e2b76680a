"""From a queue item to the links worth trying, in the user's order, and from a link to its stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from aniworld.core.errors import NothingThere, Renumbered
from aniworld.core.media import EpisodeNumber, EpisodePage, HosterLink, Stream
from aniworld.core.specials import in_library
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode
from aniworld.providers.cooldown import RestingSources
from aniworld.providers.plugin_api.base import Catalogue
from aniworld.providers.registry import Registry
from aniworld.services.queue.language_upgrade import better_languages
from aniworld.services.renumbering.proposals import WAITS, held_seasons, is_placed, kept_seasons


@dataclass(frozen=True)
class Target:
    """What is known of a wished episode before its page is read. ``languages``: wanted, best first.

    ``file``: what is there already, below the series folder; ``have``: the language that it is known to be in;
    ``preferred``: the series' languages, whatever this item's are. ``placed``: names of files may be older than their
    numbers.
    """

    number: EpisodeNumber
    series_name: str
    folder: str
    year: int | None
    link: str
    site: str
    languages: tuple[str, ...]
    absolute: int | None = None
    title: str = ""
    title_en: str = ""
    file: str | None = None
    have: str | None = None
    specials: Mapping[str, int] = field(default_factory=dict)
    preferred: tuple[str, ...] = ()
    placed: bool = False

    @property
    def stands(self) -> EpisodeNumber:
        """The number in the library's names."""
        return in_library(self.number, self.specials)

    def only_better(self) -> Target:
        """With those languages that may take the place of the file that is there; with none where nothing is better.

        A wish to replace a file ends in that file's language. A file in another one came after the wish; it is measured
        by what is preferred now.
        """
        if self.have in self.languages or self.have not in self.preferred:
            return replace(self, languages=better_languages(self.languages, self.have))
        better = better_languages(self.preferred, self.have)
        return replace(self, languages=tuple(code for code in self.languages if code in better))


class Resolver:
    """Reads the catalogue for the download workers. ``read_once(key)`` waits until a series' own page was read."""

    def __init__(self, database: Database, registry: Registry, read_once: Callable[[str], None]) -> None:
        self._database = database
        self._registry = registry
        self._read_once = read_once

    def target(self, item: DownloadQueueItem, default_languages: Sequence[str]) -> Target:
        """The episode's own record, as far as there is one; else what the catalogue's form of links says.

        Raises Renumbered for a season whose numbers are undecided, NothingThere.
        """
        self._read_once(item.serie_id)
        with self._database.reading() as session:
            series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == item.serie_id))
            episode = session.scalar(_episode_of(series.id, item)) if series else None
        if item.season in held_seasons(series):
            raise Renumbered(WAITS)
        if item.season in kept_seasons(series) and not (episode and episode.link):  # a guessed link counts otherwise
            raise NothingThere("The catalogue lists no such episode under the numbers that the library keeps.")
        number = EpisodeNumber(item.season, item.episode)
        site = (series.site if series else item.source) or ""
        languages = item.languages or (series.languages if series else []) or default_languages
        return Target(
            number=number,
            series_name=series.name if series else item.serie_name,
            folder=(series.folder if series else "") or item.serie_folder,
            year=series.year_start if series else None,
            link=(episode.link if episode else "") or self._guess_link(series, item, number),
            site=site,
            languages=tuple(languages),
            preferred=tuple((series.languages if series else []) or default_languages),
            absolute=episode.absolute if episode else None,
            title=episode.title if episode else "",
            title_en=episode.title_en if episode else "",
            file=episode.file if episode else None,
            have=episode.file_language if episode and episode.file else None,
            specials=(series.specials if series else None) or {},
            placed=bool(series and is_placed(series.renumbering)),
        )

    def page(self, target: Target) -> EpisodePage:
        return self._catalogue(target).episode(target.link)

    def stream(self, target: Target, link: HosterLink, quality: str) -> Stream:
        """The stream behind a link, resolved now. Raises the SourceErrors."""
        return self.stream_at(self.address(target, link), link, quality)

    def address(self, target: Target, link: HosterLink) -> str:
        """Where the catalogue's link leads: a page of the hoster."""
        return self._catalogue(target).resolve(link)

    def stream_at(self, address: str, link: HosterLink, quality: str) -> Stream:
        """The stream that the hoster's page states."""
        return self._registry.hoster_for(address).stream(address, referer=link.referer, quality=quality)

    @property
    def rest(self) -> RestingSources:
        """The catalogues and hosters that are left alone for a while."""
        return self._registry.rest

    def _catalogue(self, target: Target) -> Catalogue:
        """By the stored site, since the configured address may have changed; by the link where none is stored."""
        if target.site:
            return self._registry.catalogue(target.site, target.link)
        return self._registry.catalogue_for(target.link)

    def _guess_link(self, series: AnimeSeries | None, item: DownloadQueueItem, number: EpisodeNumber) -> str:
        site = (series.site if series else item.source) or self._registry.searched()[0].site
        catalogue = self._registry.catalogue(site)
        return catalogue.episode_link(series.link if series and series.link else item.serie_id, number)


def in_order(
    links: Sequence[HosterLink],
    languages: Sequence[str],
    hosters: Sequence[str],
    failed: Sequence[str] = (),
    *,
    unstated: bool = True,
) -> list[HosterLink]:
    """The links in wanted languages, best first: language, then preferred hoster, then the page's own order.

    A link that states no language fits every wish, after those that state a wanted one; not with ``unstated`` False,
    where a file is to be replaced only by what is surely better. Links that failed before are left out while others
    remain. Raises NothingThere when no wanted language is there.
    """
    ranks = {name.casefold(): rank for rank, name in enumerate(hosters)}
    fitting = (*languages, "") if unstated else languages
    wanted = [link for language in fitting for link in _preferred(links, language, ranks)]
    if not wanted:
        raise NothingThere(_nothing(links, languages))
    return [link for link in wanted if link.url not in failed] or wanted


def _preferred(links: Sequence[HosterLink], language: str, ranks: dict[str, int]) -> list[HosterLink]:
    fitting = (link for link in links if link.language == language)
    return sorted(fitting, key=lambda link: ranks.get(link.hoster.casefold(), len(ranks)))


def _nothing(links: Sequence[HosterLink], languages: Sequence[str]) -> str:
    if not links:
        return "The catalogue offers no link for this episode yet."
    offered = ", ".join(dict.fromkeys(link.language for link in links))
    return (
        f"The episode is not there in {', '.join(languages)}; the catalogue has it in {offered}. Allow one of these"
        " languages to get it."
    )


def _episode_of(series_id: int, item: DownloadQueueItem):  # type: ignore[no-untyped-def]  # SQLAlchemy's Select of Episode
    return select(Episode).where(
        Episode.series_id == series_id, Episode.season == item.season, Episode.number == item.episode
    )
