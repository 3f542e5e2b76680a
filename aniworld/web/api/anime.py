"""The series of the library, the catalogue's search, and the scan."""

from __future__ import annotations

from typing import Any

from flask import Response, send_file

from aniworld.core.errors import NotFound
from aniworld.services.scan.views import FolderChoice, ScanStatus, UnmatchedFolder
from aniworld.services.series.views import AnimeDetail, AnimeSummary, RemovedSeries, SearchResult, SeriesQuery
from aniworld.web.api import Blueprint
from aniworld.web.api.series_lookup import key_of
from aniworld.web.http.json_response import answer, nothing
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import (
    FolderQuery,
    FolderWish,
    NewSeries,
    RenumberingDecision,
    Rescan,
    Search,
    SeriesChange,
    SeriesList,
    SeriesRemoval,
)
from aniworld.web.schemas.responses import Refreshing

blueprint = Blueprint("anime", __name__, url_prefix="/api/anime", description="Series, search and scan.")

COVER_KEPT_S = 3600


@blueprint.get("")
@blueprint.arguments(SeriesList, location="query")
@blueprint.response(200, schema_of(AnimeSummary)(many=True))
def list_series(query: SeriesQuery) -> Response:
    """The series of the library; totals are in the X-Pagination header"""
    found, paging = services().anime.list_series(query)
    return answer(found, paging=paging)


@blueprint.post("/search")
@blueprint.arguments(Search)
@blueprint.response(200, schema_of(SearchResult)(many=True))
def search(wish: dict[str, Any]) -> Response:
    """What the catalogue has under a title"""
    return answer(services().anime.search(wish["query"].strip(), wish["source"]))


@blueprint.post("/add")
@blueprint.arguments(NewSeries)
@blueprint.response(201, schema_of(AnimeSummary))
@blueprint.alt_response(200, schema=schema_of(AnimeSummary), success=True)
def add(wish: dict[str, Any]) -> Response:
    """Add a series by its link; 200 if it was there already"""
    series, created = services().anime.add(wish["link"].strip(), wish["name"], wish["folder"], wish["source"])
    return answer(series, 201 if created else 200)


@blueprint.post("/rescan")
@blueprint.arguments(Rescan, required=False)
@blueprint.response(202, schema_of(ScanStatus))
def rescan(wish: dict[str, Any]) -> Response:
    """Scan the library, or only the series of `keys`, which alone are counted then; 409 with the scan that runs"""
    return answer(services().scan.start(wish["keys"]), 202)


@blueprint.get("/scan")
@blueprint.response(200, schema_of(ScanStatus))
def scan_status() -> Response:
    """The running or last scan"""
    return answer(services().scan.status())


@blueprint.delete("/scan")
@blueprint.response(200, schema_of(ScanStatus))
def cancel_scan() -> Response:
    """Cancel the running scan"""
    return answer(services().scan.cancel())


@blueprint.get("/unmatched")
@blueprint.response(200, schema_of(UnmatchedFolder)(many=True))
def unmatched() -> Response:
    """Folders in the library that belong to no known series"""
    return answer(services().scan.unmatched())


@blueprint.post("/unmatched")
@blueprint.arguments(FolderWish)
@blueprint.response(204)
def match(wish: dict[str, Any]) -> Response:
    """The same as POST /unmatched/match, without an answer; kept for older scripts"""
    services().folders.choose(wish["folder"], wish["key"])
    return nothing()


@blueprint.get("/unmatched/match")
@blueprint.response(200, schema_of(FolderChoice)(many=True))
def matches() -> Response:
    """What was said of folders so far: whose they are, or that they are ignored"""
    return answer(services().folders.made())


@blueprint.post("/unmatched/match")
@blueprint.arguments(FolderWish)
@blueprint.response(200, schema_of(FolderChoice))
def choose(wish: dict[str, Any]) -> Response:
    """Say to which series a folder belongs, or that it is to be ignored; a scan that starts then reads it"""
    return answer(services().folders.choose(wish["folder"], wish["key"]))


@blueprint.delete("/unmatched/match")
@blueprint.arguments(FolderQuery, location="query")
@blueprint.response(204)
def take_back(query: dict[str, Any]) -> Response:
    """Forget what was said of a folder; the series looks where it looked before"""
    services().folders.take_back(query["folder"])
    return nothing()


@blueprint.get("/<series:anime_id>")
@blueprint.response(200, schema_of(AnimeDetail))
def detail(anime_id: str) -> Response:
    """One series with its episodes"""
    return answer(services().anime.detail(key_of(anime_id)))


@blueprint.patch("/<series:anime_id>")
@blueprint.arguments(SeriesChange)
@blueprint.response(200, schema_of(AnimeDetail))
def change(wish: dict[str, Any], anime_id: str) -> Response:
    """Change what is remembered of a series"""
    return answer(services().anime.change(anime_id, **wish))


@blueprint.delete("/<series:anime_id>")
@blueprint.arguments(SeriesRemoval, location="query")
@blueprint.response(204)
@blueprint.alt_response(200, schema=schema_of(RemovedSeries), success=True)
def remove(wish: dict[str, Any], anime_id: str) -> Response:
    """Remove a series; it can come back with its history. 200 with a message if its files were not moved as asked"""
    message = services().anime.remove(anime_id, wish["files"] == "recycle")
    return answer(RemovedSeries(anime_id, message)) if message else nothing()


@blueprint.post("/<series:key>/restore")
@blueprint.response(200, schema_of(AnimeSummary))
def restore(key: str) -> Response:
    """Bring a removed series back"""
    return answer(services().anime.restore(key))


@blueprint.post("/<series:key>/refresh")
@blueprint.response(202, Refreshing)
def refresh(key: str) -> Response:
    """Read this series' catalogue page again, in the background"""
    services().anime.refresh(key)
    return answer({"key": key}, 202)


@blueprint.post("/<series:key>/renumbering")
@blueprint.arguments(RenumberingDecision)
@blueprint.response(200, schema_of(AnimeDetail))
def decide_renumbering(wish: dict[str, Any], key: str) -> Response:
    """Take the catalogue's new numbers for the files, or keep the library's; 409 where there is nothing to decide"""
    services().renumbering.decide(key, wish["decision"])
    return answer(services().anime.detail(key))


@blueprint.get("/<series:key>/cover")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/*")
def cover(key: str) -> Response:
    """The cover"""
    found = services().anime.cover(key)
    if found is None:
        raise NotFound("There is no cover for this series.")
    path, kind = found
    return send_file(path, kind, conditional=True, max_age=COVER_KEPT_S)
