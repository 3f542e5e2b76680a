"""A title cannot forge a log line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.config.settings import LoggingSettings
from aniworld.services.health.log_files import FORM, LogLine, SafeFormatter, printable, request_id, set_up_logging, tail


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


@pytest.fixture
def root_logger(tmp_path: Path) -> Iterator[Path]:
    """The folder of a log of its own; the handlers of the test run are put back after it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers[:] = []
    yield tmp_path / "logs"
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level = before, level


def test_json_lines_are_whole_objects_and_are_read_back(root_logger: Path) -> None:
    set_up_logging(root_logger, LoggingSettings(format="json"))
    token = request_id.set("0a1b2c")
    logging.getLogger("aniworld.scan").warning("Forged\nERROR root: \x1b[0m %s", "Übergröße")
    request_id.reset(token)
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("aniworld").exception("It failed")
    text = (root_logger / "aniworld.log").read_text(encoding="utf-8")
    assert all(isinstance(json.loads(one), dict) for one in text.splitlines())
    failed, forged = tail(root_logger)
    assert (forged.level, forged.name, forged.message.endswith("[0a1b2c]")) == ("WARNING", "aniworld.scan", True)
    assert "\x1b" not in forged.message
    assert "ValueError: broken" in failed.message


def test_lines_of_both_forms_stand_beside_each_other(root_logger: Path) -> None:
    set_up_logging(root_logger, LoggingSettings())
    logging.getLogger("aniworld").warning("as text")
    set_up_logging(root_logger, LoggingSettings(format="json"))
    logging.getLogger("aniworld").warning("as json")
    assert [one.message for one in tail(root_logger)] == ["as json", "as text"]


@pytest.mark.parametrize(
    "line", ["{", "{}", '{"at": 1}', '{"at": "x", "level": [], "name": 3, "message": {}}', "[" * 5000]
)
def test_a_line_that_is_no_record_belongs_to_the_one_before(tmp_path: Path, line: str) -> None:
    folder = written(tmp_path / "logs", "2026-11-22 17:00:00,123 INFO    aniworld: first", line)
    (record,) = tail(folder)
    assert record.message.startswith("first")


def test_files_are_rotated_by_size_and_kept_by_number(root_logger: Path) -> None:
    set_up_logging(root_logger, LoggingSettings(file_mb=1, files=2))
    for _ in range(45):
        logging.getLogger("aniworld").warning("x" * 100_000)
    assert sorted(path.name for path in root_logger.iterdir()) == ["aniworld.log", "aniworld.log.1", "aniworld.log.2"]
    assert all(path.stat().st_size <= 1_100_000 for path in root_logger.iterdir())


@pytest.mark.parametrize(
    "damaged",
    [
        '{"at": 5, "level": "INFO", "name": "x", "message": "y"}',
        '{"at": ["2026"], "level": "INFO", "name": "x", "message": "y"}',
        '{"at": {"a": 1}, "level": "INFO", "name": "x", "message": "y"}',
        '{"at": "x", "level": [], "name": "x", "message": "y"}',
        '{"at": "x", "level": "INFO", "name": 5, "message": "y"}',
        '{"at": "x", "level": "INFO", "name": null, "message": "y"}',
        '{"at": "x", "level": "INFO", "name": "x", "message": "y", "trace": 5}',
        '{"a": ' + "[" * 100_000,
        "{",
        '{"x": 1}',
        "\x00",
    ],
)
def test_one_damaged_line_ends_no_list(tmp_path: Path, damaged: str) -> None:
    folder = written(tmp_path / "logs", line("before"), damaged, line("after"))
    shown = tail(folder)
    assert shown[0].message == "after" and shown[-1].message.startswith("before")


def test_what_is_shown_of_a_damaged_line_is_text(tmp_path: Path) -> None:
    odd = '{"at": "\\ud800", "level": "INFO", "name": "\\ud800", "message": "\\ud800"}'
    (one,) = tail(written(tmp_path / "logs", odd))
    (one.at + one.name + one.message).encode()


def test_an_older_log_that_cannot_be_read_hides_not_the_newest(tmp_path: Path) -> None:
    folder = written(tmp_path / "logs", line("now"))
    (folder / "aniworld.log.1").mkdir()
    assert [one.message for one in tail(folder)] == ["now"]
