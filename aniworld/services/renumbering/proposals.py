"""A season that the catalogue has renumbered: what is held back until its owner decides, and what a decision does.

``AnimeSeries.renumbering`` is ``{"status", "placed", "found_at", "seasons", "moves", "entries"}``:

- ``undecided``: rows keep their numbers, titles and files; the page's entries of these seasons wait in ``entries``.
- ``kept``: the page is read under the library's numbers, whatever the catalogue counts.
- ``asked``: the owner gave entries other numbers; the next page is taken as it is.
- ``placed``: the numbers were applied, so that names of files may be older than their rows; a scan goes by the rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from aniworld.core.errors import Renumbered
from aniworld.core.media import EpisodeEntry, EpisodeNumber, SeriesPage
from aniworld.core.queue import DownloadStatus
from aniworld.models import AnimeSeries, DownloadQueueItem, Episode, utcnow
from aniworld.services.renumbering.moves import Comparison, Known, Place, compare

log = logging.getLogger(__name__)

UNDECIDED, KEPT, ASKED, APPLIED = "undecided", "kept", "asked", "applied"
WAITS = "The catalogue renumbered this season; decide on the series' page which numbers count."
_ASIDE = 1_000_000  # numbers that no episode has, for rows on their way to another


@dataclass(frozen=True)
class Renumbering:
    """What is remembered of a series' renumbering. ``moves``: the library's place → the catalogue's, None = not
    listed.
    """

    status: str
    seasons: tuple[int, ...] = ()
    moves: Mapping[Place, Place | None] | None = None
    entries: tuple[EpisodeEntry, ...] = ()
    found_at: datetime | None = None

    @property
    def added(self) -> list[EpisodeEntry]:
        """Entries that are none of the library's episodes."""
        known = set((self.moves or {}).values())
        return [entry for entry in self.entries if (entry.season, entry.number) not in known]


def renumbering_of(series: AnimeSeries) -> Renumbering | None:
    """What was noticed and not applied; None where the numbers agree, or what is stored is damaged."""
    stored = series.renumbering
    if not stored or stored.get("status") not in (UNDECIDED, KEPT):
        return None
    try:
        moves = {_place(old): _place(new) if new else None for old, new in stored["moves"].items()}
        found_at = datetime.fromisoformat(stored["found_at"])
        return Renumbering(
            stored["status"], tuple(map(int, stored["seasons"])), moves, tuple(map(_entry, stored["entries"])), found_at
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        log.warning("What is stored of the renumbering of %s is damaged; its next page is compared again", series.key)
        return None


def held_seasons(series: AnimeSeries | None) -> frozenset[int]:
    """The seasons of which nothing is renamed or fetched until somebody decides."""
    return _seasons(series, UNDECIDED)


def kept_seasons(series: AnimeSeries | None) -> frozenset[int]:
    """The seasons in which the library counts otherwise than the catalogue."""
    return _seasons(series, KEPT)


def _seasons(series: AnimeSeries | None, status: str) -> frozenset[int]:
    stored = series.renumbering if series is not None else None
    seasons = stored.get("seasons") if stored and stored.get("status") == status else None
    return (
        frozenset(season for season in seasons if isinstance(season, int)) if isinstance(seasons, list) else frozenset()
    )


def waits(name: str) -> str:
    """What is said of a series whose numbers are undecided."""
    return f"The catalogue renumbered {name}; decide on its page which numbers count."


def is_placed(stored: Mapping[str, Any] | None) -> bool:
    """Whether rows say better than names which episode a file is."""
    return bool(stored and stored.get("placed"))


def remember_file(row: Episode) -> None:
    """A file came: it is what the catalogue lists for this episode now."""
    row.file_title, row.file_link = row.title or row.title_en or "", row.link or ""


def ask_nothing(series: AnimeSeries) -> None:
    """The owner changes numbers: the next page is taken as it is, and files stay with their numbers."""
    series.renumbering = {"status": ASKED, "placed": is_placed(series.renumbering)}


# ── a page comes ────────────────────────────────────────────────────────────


def settled_page(session: Session, series: AnimeSeries, page: SeriesPage) -> SeriesPage:
    """The part of a page that can be recorded under the library's numbers. Says what it noticed in ``renumbering``."""
    if not page.episodes:
        return page
    rows = list(session.scalars(select(Episode).where(Episode.series_id == series.id)))
    if series.renumbering and series.renumbering.get("status") == ASKED:
        _take_as_it_is(series, page, rows)
        return page
    before, found = renumbering_of(series), compare(list(map(_known, rows)), page.episodes)
    if not found.moves:
        return _without_moves(series, page, before, found)
    now = _noticed(page, found, before)
    if now.status == KEPT:
        _store(series, now)
        return in_our_numbers(page, now)
    if not _concerns_files(found, rows) and not is_fetching(session, series, now.seasons):
        apply_numbers(session, series, now)
        return page
    if before is None:
        log.warning("%s: the catalogue renumbered season %s", series.key, ", ".join(map(str, now.seasons)))
    _store(series, now)
    return _without(page, now.seasons)


def _without_moves(series: AnimeSeries, page: SeriesPage, before: Renumbering | None, found: Comparison) -> SeriesPage:
    """The old numbers are back, or, where the page lists no title at all, nothing new is known."""
    if before is None or found.fitting:
        if before is not None:
            log.info("%s: the catalogue has its earlier numbers again", series.key)
            series.renumbering = _placed_only(series)
        return page
    return _without(page, before.seasons) if before.status == UNDECIDED else in_our_numbers(page, before)


def _noticed(page: SeriesPage, found: Comparison, before: Renumbering | None) -> Renumbering:
    seasons = {season for old, new in found.moves.items() for season, _ in (old, new or old)}
    seasons |= set(before.seasons if before else ())
    return Renumbering(
        before.status if before else UNDECIDED,
        tuple(sorted(seasons)),
        found.moves,
        tuple(entry for entry in page.episodes if entry.season in seasons),
        (before.found_at if before else None) or utcnow(),
    )


def _concerns_files(found: Comparison, rows: Iterable[Episode]) -> bool:
    with_file = {(row.season, row.number) for row in rows if row.file}
    return any(old in with_file and old != new for old, new in found.moves.items())


def is_fetching(session: Session, series: AnimeSeries, seasons: Sequence[int]) -> bool:
    item = DownloadQueueItem
    mine = item.serie_id == series.key, item.season.in_(seasons), item.status == DownloadStatus.DOWNLOADING
    return session.scalar(select(item.id).where(*mine).limit(1)) is not None


def _take_as_it_is(series: AnimeSeries, page: SeriesPage, rows: Iterable[Episode]) -> None:
    listed = {(entry.season, entry.number): entry for entry in page.episodes}
    for row in rows:
        entry = listed.get((row.season, row.number))
        row.file_title = (entry.title or entry.title_en)[:1000] if entry else None
        row.file_link = entry.link[:2000] if entry else None
    series.renumbering = _placed_only(series)


def _without(page: SeriesPage, seasons: Sequence[int]) -> SeriesPage:
    """Without these seasons, which are announced as unread so that their rows stay."""
    entries = tuple(entry for entry in page.episodes if entry.season not in seasons)
    return replace(page, episodes=entries, seasons=tuple(sorted({*page.seasons, *seasons})))


def in_our_numbers(page: SeriesPage, kept: Renumbering) -> SeriesPage:
    """Entries under the library's numbers. What comes behind the last known one goes on from there; what was put in
    between has no number here and is left out."""
    ours = {new: old for old, new in (kept.moves or {}).items() if new}
    last = _highest(ours)
    ends = dict(_highest(kept.moves or {}).values())
    entries: dict[Place, EpisodeEntry] = {}
    for entry in sorted(page.episodes, key=lambda entry: (entry.season, entry.number)):
        at = (entry.season, entry.number)
        there = ours.get(at) or _behind(at, last, ours, ends) if entry.season in kept.seasons else at
        if there is not None and there not in entries:
            moved = {} if there == at else {"season": there[0], "number": there[1], "absolute": None}
            entries[there] = replace(entry, **moved)  # type: ignore[arg-type]
    seasons = set(page.seasons) - set(kept.seasons) | {season for season, _ in entries}
    ordered = tuple(entry for _, entry in sorted(entries.items(), key=lambda pair: pair[0]))
    return replace(page, episodes=ordered, seasons=tuple(sorted(seasons)))


def _highest(places: Iterable[Place]) -> dict[int, Place]:
    """The last place of each season."""
    return {place[0]: place for place in sorted(places)}


def _behind(at: Place, last: Mapping[int, Place], ours: Mapping[Place, Place], ends: Mapping[int, int]) -> Place | None:
    """Where an entry that is none of ours goes: behind our last one of that season, or nowhere."""
    known = last.get(at[0])
    if known is None:
        return at
    if at < known:
        return None
    season = ours[known][0]
    return season, ends[season] + at[1] - known[1]


# ── the library takes the catalogue's numbers ───────────────────────────────


def apply_numbers(session: Session, series: AnimeSeries, now: Renumbering) -> None:
    """Rows keep their files and take the catalogue's numbers; so does what waits in the queue."""
    move_rows(session, series, now.moves or {})
    move_items(session, series, now)
    series.renumbering = {"status": APPLIED, "placed": True}


def move_rows(session: Session, series: AnimeSeries, moves: Mapping[Place, Place | None]) -> None:
    """Each episode has its new number, with its file. One that is listed nowhere makes room; its file stays on the
    disk.
    """
    rows = {
        (row.season, row.number): row for row in session.scalars(select(Episode).where(Episode.series_id == series.id))
    }
    targets = {new for old, new in moves.items() if new and new != old}
    going = {old: new for old, new in moves.items() if new and new != old and old in rows}
    for place in targets - going.keys():
        if place in rows:
            session.delete(rows[place])
    session.flush()
    for at, old in enumerate(going):
        rows[old].number = _ASIDE + at
    session.flush()
    for old, (season, number) in going.items():
        rows[old].season, rows[old].number = season, number
    session.flush()
    series.specials = _moved_specials(series.specials or {}, moves)


def _moved_specials(specials: Mapping[str, int], moves: Mapping[Place, Place | None]) -> dict[str, int]:
    """The library's own numbers of specials stay with their specials."""
    moved: dict[str, int] = {}
    for number, there in specials.items():
        new = moves.get((0, int(number)), (0, int(number)))
        if new and new[0] == 0:
            moved[str(new[1])] = there
    return moved


def move_items(session: Session, series: AnimeSeries, now: Renumbering) -> None:
    """Waiting and failed items follow their episodes; one whose episode is listed nowhere fails and says so."""
    item = DownloadQueueItem
    mine = (
        item.serie_id == series.key,
        item.season.in_(now.seasons),
        item.status.in_((DownloadStatus.PENDING, DownloadStatus.FAILED)),
    )
    for row in session.scalars(select(item).where(*mine)):
        new = (now.moves or {}).get((row.season, row.episode))
        if new is None:
            row.status, row.error_code, row.completed_at = DownloadStatus.FAILED, Renumbered.code, utcnow()
            row.error = (
                "The catalogue renumbered this season and does not list this episode any more; add it to the queue"
                " again."
            )
        else:
            row.season, row.episode = new
            let_go(row)


def let_go(row: DownloadQueueItem) -> None:
    """An item that waited for the decision may begin."""
    if row.error_code == Renumbered.code:
        row.error = row.error_code = row.not_before = None


# ── stored form ─────────────────────────────────────────────────────────────


def _known(row: Episode) -> Known:
    titles = (row.title, row.title_en, row.file_title or "")
    links = (row.link, row.file_link or "")
    return Known(
        (row.season, row.number), tuple(filter(None, titles)), tuple(filter(None, links)), row.absolute, bool(row.file)
    )


def _store(series: AnimeSeries, now: Renumbering) -> None:
    series.renumbering = {
        "status": now.status,
        "placed": is_placed(series.renumbering),
        "found_at": (now.found_at or utcnow()).isoformat(),
        "seasons": list(now.seasons),
        "moves": {_code(old): _code(new) if new else None for old, new in sorted((now.moves or {}).items())},
        "entries": [_facts(entry) for entry in now.entries],
    }


def store_as(series: AnimeSeries, now: Renumbering, status: str) -> None:
    """The same renumbering in another state."""
    _store(series, replace(now, status=status))


def _placed_only(series: AnimeSeries) -> dict[str, Any] | None:
    return {"status": APPLIED, "placed": True} if is_placed(series.renumbering) else None


def _code(place: Place) -> str:
    return EpisodeNumber(*place).code


def _place(code: str) -> Place:
    number = EpisodeNumber.parse(code)
    return number.season, number.episode


def _facts(entry: EpisodeEntry) -> dict[str, Any]:
    facts = {one.name: getattr(entry, one.name) for one in fields(entry)}
    return {
        name: (
            {"date": value.isoformat()}
            if isinstance(value, date)
            else list(value)
            if isinstance(value, tuple)
            else value
        )
        for name, value in facts.items()
    }


def _entry(facts: Mapping[str, Any]) -> EpisodeEntry:
    names = {one.name for one in fields(EpisodeEntry)}
    return EpisodeEntry(**{name: _value(value) for name, value in facts.items() if name in names})


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return date.fromisoformat(value["date"])
    return tuple(value) if isinstance(value, list) else value
