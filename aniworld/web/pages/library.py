"""Library, series, and search: what the person has, one series of it, and what could be added."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, request, url_for

from aniworld.core.errors import AniworldError
from aniworld.core.media import SPECIALS, EpisodeNumber
from aniworld.core.specials import in_library
from aniworld.services.series.service import SearchOutcome
from aniworld.services.series.views import AnimeDetail, EpisodeView, SeriesQuery
from aniworld.web.http.services import services
from aniworld.web.i18n.labels import language_name
from aniworld.web.i18n.language import gettext as _
from aniworld.web.pages.templating import fragment, is_partial, page

PAGE_SIZE = 60
SORTS = ("name", "added", "updated", "missing")
VIEWS = ("grid", "list")
ADDRESSED = ("q", "missing", "monitored", "running", "language", "genre", "sort", "order", "view")
MAX_QUERY = 200

GUESSED, ENTRIES_SHOWN = "playlists", 300  # longer lists are numbered by the API and the command line


def index() -> str | Response:
    """The library; for HTMX only its results, or the next page of them."""
    query = library_query()
    series, paging = services().anime.list_series(query)
    context = {
        "series": series,
        "paging": paging,
        "query": query,
        "view": _view(),
        "more": next_page_address(query) if query.page * query.page_size < paging.total else None,
    }
    if is_partial():
        return _with_address(fragment("partials/library_results.html", **context), query)
    genres = services().anime.genres()
    languages = services().config.current.download.languages
    return page("library.html", _("Library"), active="library", genres=genres, wanted_languages=languages, **context)


def library_query() -> SeriesQuery:
    """What the address asks for; anything it cannot mean is passed over."""
    args = request.args
    sort = args.get("sort", "name")
    return SeriesQuery(
        q=args.get("q", "")[:MAX_QUERY].strip(),
        missing=args.get("missing") == "1",
        monitored={"1": True, "0": False}.get(args.get("monitored", "")),
        language=args.get("language") or None,
        genre=args.get("genre") or None,
        running=args.get("running") == "1",
        sort_by=sort if sort in SORTS else "name",
        order="desc" if args.get("order") == "desc" else "asc",
        page=min(max(args.get("page", 1, type=int), 1), 10_000),
        page_size=PAGE_SIZE,
    )


def _with_address(results: str, query: SeriesQuery) -> Response:
    """Results of a filter with the address that stands for it; only what is set is named there."""
    response = make_response(results)
    if query.page == 1:
        kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in ADDRESSED and value}
        response.headers["HX-Replace-Url"] = url_for("pages.index", **kept)
    return response


def next_page_address(query: SeriesQuery) -> str:
    kept: dict[str, Any] = {name: value for name, value in request.args.items() if name in ADDRESSED and value}
    return url_for("pages.index", page=query.page + 1, **kept)


def series(key: str) -> str:
    """One series with one of its seasons; for HTMX the season alone."""
    detail = services().anime.detail(key)
    shown = chosen_season(detail, request.args.get("season", type=int))
    context: dict[str, Any] = {
        "detail": detail,
        "season": shown,
        "seasons": seasons_of(detail),
        "episodes": [one for one in detail.episodes if one.season == shown],
    }
    if is_partial():
        return fragment("partials/season.html", **context)
    context["specials"] = specials_of(detail)
    context["entries_shown"] = detail.site == GUESSED and 0 < len(detail.episodes) <= ENTRIES_SHOWN
    context["looks_by_itself"] = services().config.current.tracking.enabled
    return page(
        "series.html", detail.title, active="library", known_languages_choices=language_choices(detail), **context
    )


def seasons_of(detail: AnimeDetail) -> list[dict[str, Any]]:
    """Each season with its counts; specials and films (season 0) last."""
    by_season: dict[int, list[EpisodeView]] = {}
    for one in detail.episodes:
        by_season.setdefault(one.season, []).append(one)
    return [
        {
            "number": number,
            "count": len(by_season[number]),
            "missing": sum(one.state == "missing" for one in by_season[number]),
            "present": sum(one.state == "present" for one in by_season[number]),
        }
        for number in sorted(by_season, key=lambda number: (number == 0, number))
    ]


def specials_of(detail: AnimeDetail) -> list[tuple[int, int, str]]:
    """(the catalogue's number, the library's, title) of each special or film."""
    found = [(EpisodeNumber(one.season, one.episode), one) for one in detail.episodes if one.season == SPECIALS]
    return [
        (number.episode, in_library(number, detail.specials).episode, one.title or one.title_en or "")
        for number, one in found
    ]


def chosen_season(detail: AnimeDetail, wanted: int | None) -> int | None:
    """The season asked for, if there is one; else the first that misses something; else the first."""
    seasons = seasons_of(detail)
    numbers = [one["number"] for one in seasons]
    if wanted in numbers:
        return wanted
    return next((one["number"] for one in seasons if one["missing"]), numbers[0] if numbers else None)


def language_choices(detail: AnimeDetail) -> list[tuple[str, str]]:
    """Languages to choose from, with their names: what the series wants first, then what it has, then what all want."""
    general = services().config.current.download.languages
    codes = dict.fromkeys((*detail.languages, *detail.available_languages, *general))
    return [(code, language_name(code)) for code in codes]


def search() -> str:
    """Search the catalogue; trouble with it is shown for what it is."""
    query = request.args.get("q", "")[:MAX_QUERY].strip()
    found, trouble = search_catalogue(query)
    context = {
        "q": query,
        "results": found.results,
        "failures": found.failures,
        "trouble": trouble,
        "is_link": looks_like_link(query),
    }
    if is_partial():
        return fragment("partials/search_results.html", **context)
    return page("search.html", _("Search and add"), active="search", **context)


def search_catalogue(query: str) -> tuple[SearchOutcome, AniworldError | None]:
    """Hits with what single catalogues said instead, or the reason why there are none. Nothing is asked for an empty
    query or a pasted link."""
    nothing = SearchOutcome([], {})
    if not query or looks_like_link(query):
        return nothing, None
    try:
        return services().anime.search_all(query), None
    except AniworldError as error:
        return nothing, error


def looks_like_link(text: str) -> bool:
    return text.lower().startswith(("http://", "https://", "www.")) and " " not in text


def _view() -> str:
    wanted = request.args.get("view") or request.cookies.get("view")
    return wanted if wanted in VIEWS else "grid"


ROUTES = (("/", index), ("/series/<key>", series), ("/search", search))
__all__ = ["ROUTES", "chosen_season", "library_query", "looks_like_link", "seasons_of"]
