"""A person's own words for events: named fields, nothing that runs, and clear words about what is wrong."""

from __future__ import annotations

import pytest

from aniworld.core.errors import InvalidInput
from aniworld.core.events import (
    CatalogueResting,
    DownloadComplete,
    DownloadFailed,
    Event,
    HealthChanged,
    NewEpisodes,
    ScanComplete,
    ScanFailed,
    SeriesAdded,
)
from aniworld.core.notification_templates import FIELDS, worded, wordings
from aniworld.services.notifications.message import announcement

EVENTS: tuple[Event, ...] = (
    DownloadComplete("id", "steinwacht", "Steinwacht (2021)", 1, 2, "f.mp4", 7_000_000, "ger-dub", 1.0),
    DownloadFailed("id", "steinwacht", "Steinwacht (2021)", 1, 9, "No hoster worked.", "link_dead", 3, False),
    ScanComplete("id", "done", 1, 1, 100.0, series_found=2, episodes_found=30, missing_total=4, duration_seconds=1.0),
    ScanFailed("id", "The disk is gone.", "error"),
    SeriesAdded("steinwacht", "Steinwacht (2021)"),
    NewEpisodes("steinwacht", "", [{"season": 1, "episode": 3}], 1),
    CatalogueResting("aniworld.to", 60, "It asks for a browser check."),
    HealthChanged("disk", "error", "Only 3 MB are free.", "Make room."),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_field_of_every_event_is_filled_in(event: Event) -> None:
    line = " ".join(f"{{{field}}}" for field in FIELDS[event.name])
    assert "{" not in worded(event, wordings([f"{event.name}: {line}"])[event.name])


def test_own_words_stand_in_place_of_ours_and_beside_them() -> None:
    own = wordings(["download_complete: {series} {code} da ({language})"])
    said = announcement(EVENTS[:2], own).body.splitlines()
    assert sorted(said) == ["Steinwacht (2021) S01E02 da (ger-dub)", "Steinwacht (2021) S01E09: No hoster worked."]


def test_a_title_from_outside_is_never_read_as_a_field() -> None:
    hostile = DownloadComplete("id", "x", "{error} {0.__class__} @everyone", 1, 2, "f", 7, None, 1.0)
    said = announcement([hostile], wordings(["download_complete: {series}"])).body
    assert said == "{error} {0.__class__} @\u200beveryone"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "download_complete",
        "download_complete:",
        "nothing: {series}",
        ": {series}",
        "download_complete: {series",
        "download_complete: }",
        "download_complete: {}",
        "download_complete: {0}",
        "download_complete: {series.__class__}",
        "download_complete: {series[0]}",
        "download_complete: {series!r}",
        "download_complete: {series:>999999999}",
        "download_complete: {size_mb:{season}}",
        "scan_failed: {series}",
    ],
)
def test_a_wording_that_makes_no_sense_is_refused_with_the_field_named(line: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        wordings([line])
    assert "notifications.wordings" in refused.value.fields
