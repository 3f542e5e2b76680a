"""A title cannot forge a log line."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from aniworld.services.logs import FORM, LogLine, SafeFormatter, printable, tail


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


def written(folder: Path, *lines: str, name: str = "aniworld.log") -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    return folder


def line(text: str, level: str = "INFO", name: str = "aniworld.scan") -> str:
    return f"2026-11-22 17:00:00,123 {level:<7} {name}: {text}"


def test_the_newest_lines_come_first(tmp_path: Path) -> None:
    folder = written(tmp_path / "logs", line("first"), line("second"), line("third"))
    assert [one.message for one in tail(folder, limit=2)] == ["third", "second"]
    assert tail(folder)[0] == LogLine("2026-11-22 17:00:00", "INFO", "aniworld.scan", "third")


def test_lines_are_chosen_by_level_and_text(tmp_path: Path) -> None:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    folder = written(tmp_path / "logs", *(line(f"Übergröße {level}", level) for level in levels))
    assert [one.level for one in tail(folder, "WARNING")] == ["CRITICAL", "ERROR", "WARNING"]
    assert [one.level for one in tail(folder, "DEBUG", "übergrösse info")] == ["INFO"]
    assert [one.level for one in tail(folder, "DEBUG", "aniworld.scan", 1)] == ["CRITICAL"]
    assert tail(folder, "DEBUG", "nothing like it") == []


def test_a_traceback_belongs_to_its_line(tmp_path: Path) -> None:
    folder = written(tmp_path / "logs", line("broke", "ERROR"), "    Traceback", "    ValueError: no", line("on"))
    assert tail(folder, "ERROR")[0].message == "broke\n    Traceback\n    ValueError: no"
    assert tail(folder, q="valueerror")[0].level == "ERROR"


def test_what_was_written_before_the_change_of_files_is_found(tmp_path: Path) -> None:
    folder = written(tmp_path / "logs", line("old"), name="aniworld.log.1")
    written(folder, line("new"))
    assert [one.message for one in tail(folder)] == ["new", "old"]


def test_a_huge_log_costs_only_its_end(tmp_path: Path) -> None:
    folder = written(tmp_path / "logs", line("x" * 1_000_000), line("y" * 3_000_000), line("end"))
    assert [one.message for one in tail(folder)] == ["end"]
    written(folder, line("z" * 50_000))
    assert len(tail(folder)[0].message) == 4000


def test_no_log_and_a_log_of_rubbish_are_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "nowhere") == []
    folder = written(tmp_path / "logs", "no record", "\x00\ufffd")
    (folder / "aniworld.log").open("ab").write(b"\xff\xfe\n")
    assert tail(folder, "DEBUG") == []
