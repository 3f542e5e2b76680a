"""A title cannot forge a log line."""

from __future__ import annotations

import logging

import pytest

from aniworld.services.logs import FORM, SafeFormatter, printable


@pytest.mark.parametrize(
    "title", ["a\nERROR root: forged", "a\r\nb", "\x1b[2Jgone", "\u202egnp.exe", "\u2028line", "\x00", "\ud800"]
)
def test_a_hostile_title_stays_on_its_line(title: str) -> None:
    record = logging.LogRecord("aniworld", logging.INFO, "f", 1, "Added %s", (title,), None)
    line = SafeFormatter(FORM).format(record)
    assert line.isprintable()
    line.encode("utf-8")


def test_honest_text_is_left_as_it_is() -> None:
    assert printable("Übergrößenträger – 進撃の巨人 ✓") == "Übergrößenträger – 進撃の巨人 ✓"


def test_a_traceback_keeps_its_lines_and_a_forged_one_is_indented() -> None:
    try:
        raise ValueError("a\nINFO root: forged\x1b[0m")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("aniworld", logging.ERROR, "f", 1, "broke", (), info)
    first, *others = SafeFormatter(FORM).format(record).split("\n")
    assert first.endswith("broke")
    assert all(line.startswith("    ") and "\x1b" not in line for line in others)
