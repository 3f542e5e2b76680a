"""The table of attacks and the tests agree."""

from __future__ import annotations

import pytest

from tests.security.table import ROWS, named

NEVER_GIVEN = {"a08", "a36"}


def test_the_table_is_whole() -> None:
    assert set(ROWS) == {f"a{number:02d}" for number in range(1, 43)} - NEVER_GIVEN


@pytest.mark.parametrize("row", ROWS)
def test_every_attack_has_its_tests(row: str) -> None:
    what, at_least = ROWS[row]
    assert len(named()[row]) >= at_least, f"{row}, {what}: a test is missing"


def test_every_numbered_test_stands_in_the_table() -> None:
    assert set(named()) <= set(ROWS)
