"""What the pages of engine 1 say (aniworld.to, older s.to). Pure functions: text and address in, facts out.

The selectors are those of public descriptions and of the pages, 2024 to 2026. Optional parts may be missing; a page
without what it must have raises PageChanged with the selector.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag

from aniworld.core.errors import NothingThere
from aniworld.core.keys import year_of
from aniworld.providers.catalogues.absent import check_out
from aniworld.providers.catalogues.hrefs import place_of, seasons_of, spot_of
from aniworld.providers.catalogues.languages import BY_KEY, from_flag_file, from_label
from aniworld.providers.catalogues.parsed_pages import (
    EpisodeFacts,
    HosterRow,
    Row,
    SeasonAbsent,
    SeasonFacts,
    SeriesFacts,
)
from aniworld.providers.catalogues.reading import Reading
from aniworld.providers.catalogues.title_tags import counted
from aniworld.providers.fetch.html import (
    attribute,
    image_address,
    names_in,
    not_found,
    number_in,
    select_first,
    soup_of,
    texts,
    without_markup,
    words_of,
)

TITLE = ("div.series-title h1[itemprop=name] > span", "div.series-title h1", "h1[itemprop=name]")
SEASONS = "#stream ul a[href]"
TABLE = "table.seasonEpisodesList"
ROWS = f"{TABLE} tr[data-episode-id][data-episode-season-id]"
HOSTERS = "div.hosterSiteVideo li[data-lang-key][data-link-target]"

_GONE = re.compile(r"nicht gefunden|deaktiviert", re.IGNORECASE)


def parse_series(text: str, url: str) -> SeriesFacts:
    """Everything on a series page, with the season that it shows. Raises NothingThere, PageChanged."""
    soup = soup_of(text, url)
    title = next((words for selector in TITLE if (words := words_of(soup.select_one(selector)))), "")
    season = _season_facts(soup, url)
    if not title or not (season.seasons or season.table):
        _check_there(soup, url)
        raise not_found(SEASONS if title else TITLE[0], url)
    return SeriesFacts(
        title=title,
        season=season,
        description=_description(soup),
        alternative_titles=_alternatives(soup, title),
        year_start=year_of(words_of(soup.select_one("[itemprop=startDate]"))),
        year_end=year_of(words_of(soup.select_one("[itemprop=endDate]"))),
        genres=tuple(texts(soup.select("div.genres a[itemprop=genre]") or soup.select("div.genres a.genreButton"))),
        age_rating=number_in(attribute(soup.select_one("div.fsk[data-fsk], [data-fsk]"), "data-fsk"), 0, 21),
        imdb_id=_imdb(soup),
        cover=next((a for img in soup.select("div.seriesCoverBox img") if (a := image_address(img))), ""),
    )


def parse_season(text: str, url: str) -> SeasonFacts:
    """One season's table. A season that is not there has neither navigation nor table: NothingThere, SeasonAbsent."""
    soup = soup_of(text, url)
    facts = _season_facts(soup, url)
    if not facts.seasons and not facts.table:
        _check_there(soup, url)
        known = select_first(soup, *TITLE) is not None
        raise (NothingThere if known else SeasonAbsent)(f"There is no such season at {url}.")
    return facts


def parse_episode(text: str, url: str) -> EpisodeFacts:
    """An episode's titles and hosters, in the page's order, each once. Raises NothingThere, PageChanged."""
    soup = soup_of(text, url)
    reading = Reading(url)
    rows = tuple(dict.fromkeys(_hoster_rows(soup, _languages_by_key(soup, reading), reading)))
    if not rows:
        _check_there(soup, url)
        check_out(soup, url)
        _check_empty(soup, url)
    title = words_of(soup.select_one("span.episodeGermanTitle"))
    title_en = words_of(soup.select_one("small.episodeEnglishTitle"))
    german, english = (counted(name, *place_of(url)).title for name in (title, title_en))
    return EpisodeFacts(german, english, rows)


def _check_there(soup: BeautifulSoup, url: str) -> None:
    """Asked where what was looked for is missing: an honest page may say that JavaScript "ist deaktiviert"."""
    for alert in soup.select("div.messageAlert.danger"):
        if _GONE.search(words_of(alert)):
            raise NothingThere(f"The catalogue says that there is nothing at {url}.")


def _check_empty(soup: BeautifulSoup, url: str) -> None:
    """Nothing, where a page has the place for hosters and none in it that cannot be read. Raises PageChanged."""
    box = soup.select_one("div.hosterSiteVideo")
    lines = box.select("li[data-lang-key], li[data-link-id], li[data-link-target], li:has(a[href])") if box else []
    if box is None or not all(attribute(line, "data-lang-key") and _target(line) for line in lines):
        raise not_found(HOSTERS, url)


def _description(soup: BeautifulSoup) -> str:
    tag = soup.select_one("p.seri_des")
    return without_markup(attribute(tag, "data-full-description")) or words_of(tag)


def _alternatives(soup: BeautifulSoup, title: str) -> tuple[str, ...]:
    stated = attribute(soup.select_one("h1[data-alternativetitles]"), "data-alternativetitles")
    return tuple(name for name in names_in(stated) if name != title)


def _imdb(soup: BeautifulSoup) -> str | None:
    tag = soup.select_one("a.imdb-link, a[data-imdb]")
    found = re.search(r"tt\d{5,10}", attribute(tag, "data-imdb") or attribute(tag, "href"))
    return found[0] if found else None


def _season_facts(soup: BeautifulSoup, url: str) -> SeasonFacts:
    reading = Reading(url)
    seasons = seasons_of((attribute(anchor, "href") for anchor in soup.select(SEASONS)), url)
    tables = soup.select(TABLE) or [body.parent for body in soup.select("tbody[id^=season]") if body.parent]
    lines = [line for table in tables for line in table.select("tr") if not _is_heading(line)]
    rows: dict[tuple[int, int, bool], Row] = {}
    for row in reading.each(lines, lambda line: _row(line, url, reading)):
        rows.setdefault((row.season, row.number, row.apart), row)
    if not rows and reading.notes:
        raise not_found(ROWS, url)
    # A body without rows is an announced season, or one that the page keeps for later beside the one it shows.
    bodies = (_body_season(body) for table in tables for body in table.select("tbody"))
    shown = {season for season, _, _ in rows} or {season for season in bodies if season is not None}
    stated = any(line.select_one("td.editFunctions") for line in lines)
    return SeasonFacts(seasons, tuple(rows.values()), frozenset(shown), bool(tables), stated, reading.notes)


def _is_heading(line: Tag) -> bool:
    return line.find("td") is None and line.find("a") is None


def _body_season(body: Tag | None) -> int | None:
    found = re.fullmatch(r"season-?(\d{1,4})", attribute(body, "id"))
    return int(found[1]) if found else None


def _season_of(line: Tag, url: str) -> int | None:
    """A row's season: by its table body, else its link, else the page's own address, else 1."""
    stated = _body_season(line.find_parent("tbody"))
    if stated is not None:
        return stated
    href = _episode_href(line)
    found = (spot_of(address).season for address in (href, url))
    return next((season for season in found if season is not None), 1 if href else None)


def _episode_href(line: Tag) -> str:
    hrefs = (attribute(anchor, "href") for anchor in line.select("a[href]"))
    return next((href for href in hrefs if spot_of(href).episode is not None), "")


def _row(line: Tag, url: str, reading: Reading) -> Row | None:
    """A row's episode; None for one wide cell that says that there are none yet, and where no season is named."""
    href = _episode_href(line)
    season, number = _season_of(line, url), _row_number(line, href)
    if number is None and len(line.select("td")) > 1:
        reading.unread(line)
    if season is None or number is None:
        return None
    anchor = select_first(line, "td.seasonEpisodeTitle a", "td.seasonEpisodeTitle")
    german = counted(words_of(anchor.select_one("strong") if anchor else None), season, number)
    english = counted(words_of(anchor.select_one("span:not(strong span)") if anchor else None), season, number)
    facts = german.also(english)
    languages = tuple(dict.fromkeys(_row_languages(line, reading)))
    hosters = tuple(dict.fromkeys(name for icon in line.select("i.icon") if (name := _icon_name(icon))))
    there = bool(languages or hosters)
    return Row(
        season,
        number,
        href,
        german.title,
        english.title,
        languages,
        hosters,
        facts.absolute,
        spot_of(href or url).apart,
        announced=facts.starts and not there,
        air_date=facts.air_date,
        kind=facts.kind,
        part=facts.part,
        part_of=None if there else facts.part_of,
    )


def _row_languages(line: Tag, reading: Reading) -> Iterator[str]:
    """The languages of its flags; other images of a row's last cell are none."""
    for image in line.select("img.flag, td.editFunctions img"):
        code = from_flag_file(image_address(image)) or from_label(attribute(image, "title", "alt"))
        if code or "flag" in (image.get("class") or []):
            yield reading.language(code, attribute(image, "title", "alt") or image_address(image).rsplit("/", 1)[-1])


def _row_number(line: Tag, href: str) -> int | None:
    """A film's number is its link's; an episode's is stated beside it, and the link may say another."""
    spot = spot_of(href)
    linked = spot.episode or None
    if spot.film and linked is not None:
        return linked
    meta = number_in(attribute(line.select_one("meta[itemprop=episodeNumber]"), "content"))
    return meta or linked or number_in(attribute(line, "data-episode-season-id"))


def _icon_name(icon: Tag) -> str:
    return attribute(icon, "title") or next((c for c in icon.get("class") or [] if c != "icon"), "")


def _languages_by_key(soup: BeautifulSoup, reading: Reading) -> dict[str, str]:
    """Key number → language, by the flag file of any copy of its image; a key without a flag has its usual meaning."""
    flags: dict[str, str] = {}
    others: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for image in soup.select("div.changeLanguageBox [data-lang-key]"):
        key = attribute(image, "data-lang-key")
        flag = image if image.name == "img" else image.select_one("img")
        label = attribute(image, "title", "alt")
        if language := from_flag_file(image_address(flag)):
            flags.setdefault(key, language)
        elif language := (from_label(label) if _has_flag(flag) else None) or BY_KEY.get(key) or from_label(label):
            others.setdefault(key, language)
        else:
            unknown.setdefault(key, label or image_address(flag).rsplit("/", 1)[-1] or key)
    named = others | flags
    return {key: reading.language(None, label) for key, label in unknown.items() if key not in named} | named


def _has_flag(image: Tag | None) -> bool:
    """Whether a language has a flag, though one that is not known: its label then says more than its number."""
    return bool(image_address(image))


def _hoster_rows(soup: BeautifulSoup, languages: dict[str, str], reading: Reading) -> Iterator[HosterRow]:
    def read(item: Tag) -> HosterRow | None:
        key, href = attribute(item, "data-lang-key"), _target(item)
        if not href:
            return None
        language = languages.get(key) or BY_KEY.get(key) or reading.language(None, key)
        return HosterRow(words_of(item.select_one("h4")) or _icon_title(item), language, href)

    return reading.each(soup.select("div.hosterSiteVideo li[data-lang-key]"), read)


def _target(item: Tag) -> str:
    identity = attribute(item, "data-link-id")
    stated = attribute(item, "data-link-target") or attribute(item.select_one("a[href*='/redirect/']"), "href")
    return stated or (f"/redirect/{identity}" if re.fullmatch(r"[\w-]+", identity) else "")


def _icon_title(item: Tag) -> str:
    icon = item.select_one("i.icon")
    return re.sub(r"^Hoster\s+", "", _icon_name(icon)) if icon is not None else "unknown"


@dataclass(frozen=True)
class SearchHit:
    """``slug`` as a bare slug or a path; ``cover`` as the site gives it."""

    name: str
    slug: str
    description: str
    cover: str = ""
    year: int | None = None


def series_hits(found: list[Any], url: str = "/ajax/seriesSearch") -> list[SearchHit]:
    """The hits of ``/ajax/seriesSearch``."""
    return list(Reading(url).each(found, _series_hit))


def _series_hit(hit: Mapping[str, Any]) -> SearchHit:
    return SearchHit(
        without_markup(hit.get("name")),
        link.strip() if isinstance(link := hit.get("link"), str) else "",
        without_markup(hit.get("description")),
        cover.strip() if isinstance(cover := hit.get("cover"), str) else "",
        year_of(str(hit.get("productionYear") or "")),
    )


def site_hits(text: str, url: str = "/ajax/search") -> list[SearchHit] | None:
    """The hits of ``/ajax/search``, episodes and help pages among them; None for no list in JSON."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list):
        return None
    return list(Reading(url).each((hit for hit in found if isinstance(hit, dict)), _site_hit))


def _site_hit(hit: Mapping[str, Any]) -> SearchHit:
    return SearchHit(
        without_markup(hit.get("title")),
        unquote(link).strip() if isinstance(link := hit.get("link"), str) else "",
        without_markup(hit.get("description")),
    )
