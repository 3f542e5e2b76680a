"""Facts become JSON, the same for REST and for events."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from aniworld.core.paging import Paging
from aniworld.core.queue import DownloadStatus
from aniworld.services.queue.views import Skipped
from aniworld.services.scan.views import ScanStatus
from aniworld.web.http.json_response import moment, pages, plain, to_json
from aniworld.web.security.origins import from_here, same_host


def test_moments_are_utc_with_z_and_milliseconds() -> None:
    berlin = timezone(timedelta(hours=2))
    assert moment(datetime(2025, 10, 17, 12, 30, 0, 999_999, berlin)) == "2025-10-17T10:30:00.999Z"


def test_rest_and_events_say_the_same() -> None:
    facts = {
        "scan": ScanStatus("1", started_at=datetime(2025, 1, 1, tzinfo=UTC), warnings=("Größe",)),
        "skipped": [Skipped("S01E01", "is queued already")],
        "status": DownloadStatus.PENDING,
        "path": Path("/x"),
        "set": {2, 1},
        "nothing": None,
    }
    assert json.loads(to_json(facts)) == plain(facts)
    assert plain(facts)["scan"]["started_at"] == "2025-01-01T00:00:00.000Z"


def test_what_has_no_json_form_is_said() -> None:
    for act in (to_json, plain):
        with pytest.raises(TypeError):
            act(object())


@pytest.mark.parametrize(
    ("paging", "told"),
    [
        (Paging(1, 50, 0), {"total": 0, "total_pages": 1, "last_page": 1}),
        (Paging(1, 50, 101), {"total_pages": 3, "next_page": 2}),
        (Paging(3, 50, 101), {"previous_page": 2, "last_page": 3}),
        (Paging(99, 50, 101), {"previous_page": 3}),
    ],
)
def test_pages_name_their_neighbours(paging: Paging, told: dict[str, int]) -> None:
    assert told.items() <= pages(paging).items()


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8080", "localhost:8080", True),
        ("https://anime.example", "anime.example", True),
        ("https://anime.example:443", "anime.example", True),
        ("http://localhost:8081", "localhost:8080", False),
        ("http://localhost.evil.example:8080", "localhost:8080", False),
        ("null", "localhost", False),
        ("", "localhost", False),
        ("file://", "localhost", False),
        ("http://[::1]:80", "[::1]", True),
        ("http://localhost:x", "localhost", False),
        ("javascript:alert(1)//localhost", "localhost", False),
    ],
)
def test_origins_are_compared_by_host_and_port(origin: str, host: str, same: bool) -> None:
    assert same_host(origin, host) is same


def test_another_site_is_not_here_unless_the_owner_named_it() -> None:
    assert from_here(None, None, "localhost")
    assert from_here(None, "none", "localhost")
    assert not from_here(None, "cross-site", "localhost")
    assert not from_here("http://evil.example", None, "localhost")
    assert not from_here("http://localhost", "same-site", "localhost")
    assert from_here("https://other.example", "cross-site", "localhost", ("https://other.example",))
