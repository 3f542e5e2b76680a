"""States, priorities and back-off."""

from __future__ import annotations

from itertools import product

import pytest

from aniworld.core.errors import AniworldError, Cancelled, Conflict, InvalidInput, by_code
from aniworld.core.queue import MOVES, DownloadPriority, DownloadStatus, back_off, check_move


@pytest.mark.parametrize(("old", "new"), list(product(DownloadStatus, DownloadStatus)))
def test_only_lawful_moves_pass(old: DownloadStatus, new: DownloadStatus) -> None:
    if old == new or new in MOVES[old]:
        check_move(old, new)
    else:
        with pytest.raises(Conflict):
            check_move(old, new)


@pytest.mark.parametrize(("value", "priority"), [("low", 0), ("NORMAL", 1), ("high", 2), (0, 0), (2, 2)])
def test_priorities_by_word_and_number(value: str | int, priority: int) -> None:
    assert DownloadPriority.parse(value) == priority


@pytest.mark.parametrize("value", ["urgent", "", 3, -1, True, None, 1.5, [], {}])
def test_other_priorities_are_refused(value: object) -> None:
    with pytest.raises(InvalidInput):
        DownloadPriority.parse(value)  # type: ignore[arg-type]


def test_waiting_grows_and_is_bounded() -> None:
    waits = [back_off(count) for count in range(10)]
    assert waits == sorted(waits)
    assert waits[1:4] == [30, 120, 600]
    assert waits[-1] == 3600


def test_errors_are_found_by_their_code_again() -> None:
    assert by_code("cancelled") is Cancelled
    assert by_code("never heard of") is AniworldError
