"""A renumbering as it is shown: the library's numbers and the catalogue's side by side."""

from __future__ import annotations

from collections.abc import Iterable

from aniworld.core.media import EpisodeEntry
from aniworld.services.renumbering.moves import Place
from aniworld.services.renumbering.proposals import Renumbering
from aniworld.services.renumbering.views import AddedEpisode, RenumberedEpisode, RenumberingView
from aniworld.services.series.views import EpisodeView


def view_of(found: Renumbering | None, episodes: Iterable[EpisodeView]) -> RenumberingView | None:
    if found is None:
        return None
    listed = {(entry.season, entry.number): entry for entry in found.entries}
    rows = {(one.season, one.episode): one for one in episodes}
    moved = {old: new for old, new in (found.moves or {}).items() if old != new and old in rows}
    return RenumberingView(
        found.status,
        found.seasons,
        found.found_at,
        tuple(_episode(rows[old], new, listed) for old, new in sorted(moved.items())),
        tuple(AddedEpisode(one.season, one.number, one.title or one.title_en) for one in found.added),
    )


def _episode(row: EpisodeView, new: Place | None, listed: dict[Place, EpisodeEntry]) -> RenumberedEpisode:
    season, number = new or (None, None)
    entry = listed.get(new) if new else None
    title = entry.title or entry.title_en if entry else ""
    return RenumberedEpisode(row.season, row.episode, row.title or row.title_en, row.file, season, number, title)
