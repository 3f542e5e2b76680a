"""What an attempt has to say survives a database that is away, and a placed episode is not placed twice."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from aniworld.core.errors import Unavailable
from aniworld.workers.reports import NOTE, Patience, Placed

WHOLE = Placed("Show/Season 01/a.mp4", "Season 01/a.mp4", 5, "ger-dub", "Vulkan")


class Database:
    """Away for so many times."""

    def __init__(self, away: int) -> None:
        self.away = away
        self.reports: list[str] = []

    def take(self) -> str:
        if self.away:
            self.away -= 1
            raise Unavailable("The database is busy.")
        self.reports.append("completed")
        return "taken"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock runs ahead; what you get are the pauses."""
    waits: list[float] = []
    monkeypatch.setattr("aniworld.workers.reports.pause", waits.append)
    return waits


def test_a_report_is_repeated_with_growing_pauses_until_it_is_taken(at_once: list[float]) -> None:
    database = Database(away=6)
    assert Patience("steinwacht S01E01").tell(database.take) == "taken"
    assert database.reports == ["completed"]
    assert at_once == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]


def test_once_it_is_to_end_it_gives_up_soon(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("aniworld.workers.reports.LAST_TRIES_S", 0.3)
    patience, began = Patience("steinwacht S01E01"), time.monotonic()
    patience.end_soon()
    patience.end_soon()
    assert not patience.say(Database(away=10**6).take)
    assert time.monotonic() - began < 5
    assert "its lease ends by itself" in caplog.text


def test_another_error_is_not_repeated() -> None:
    def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Patience("x").tell(fails)


def test_a_placed_episode_is_known_to_the_next_attempt(tmp_path: Path) -> None:
    home, root = tmp_path / ".incoming" / "item", tmp_path
    (root / "Show/Season 01").mkdir(parents=True)
    (root / WHOLE.file).write_bytes(b"video")
    WHOLE.note(home)
    assert Placed.noted(home, root) == WHOLE
    (root / WHOLE.file).write_bytes(b"other")
    assert Placed.noted(home, root) == WHOLE
    (root / WHOLE.file).write_bytes(b"shorter or longer")
    assert Placed.noted(home, root) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"file": 1}',
        '"' + "x" * 30_000 + '"',
        json.dumps(vars(WHOLE) | {"more": 1}),
        json.dumps(vars(WHOLE) | {"file": "../outside.mp4"}),
        json.dumps(vars(WHOLE) | {"file": "/etc/passwd"}),
        json.dumps(vars(WHOLE) | {"file": 7}),
        json.dumps(vars(WHOLE) | {"file": "a\0b"}),
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
def test_a_note_that_makes_no_sense_is_none(tmp_path: Path, text: str | bytes) -> None:
    root, home = tmp_path / "library", tmp_path / "library/.incoming/item"
    home.mkdir(parents=True)
    (tmp_path / "outside.mp4").write_bytes(b"video")
    (home / NOTE).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert Placed.noted(home, root) is None
