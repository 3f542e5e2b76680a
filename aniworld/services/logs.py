"""Logs that a hostile title cannot forge: control and direction characters are written as escapes."""

from __future__ import annotations

import logging
import logging.handlers
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

FORM = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
FILE_BYTES = 5_000_000
FILES = 5
_LINE_BREAK = "\n"
_NAME = "aniworld.log"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
READ_BYTES = 2_000_000  # at most this much of the log's end is looked through
TEXT_AT_MOST = 4000  # characters of one record that are shown; a traceback fits
_RECORD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S* (DEBUG|INFO|WARNING|ERROR|CRITICAL) +([^\s:]+): (.*)")
_HEIGHTS = {"CRITICAL": len(LEVELS), **{level: height for height, level in enumerate(LEVELS)}}


@dataclass(frozen=True)
class LogLine:
    """One record. ``at``: the server's local time as it was written; ``name``: which part spoke."""

    at: str
    level: str
    name: str
    message: str


class SafeFormatter(logging.Formatter):
    """One record is one line, a traceback's own lines apart: those are indented."""

    def format(self, record: logging.LogRecord) -> str:
        lines = super().format(record).split(_LINE_BREAK)
        if record.exc_info or record.stack_info:
            return "\n    ".join(map(printable, lines))
        return printable("\\n".join(lines))


def printable(text: str) -> str:
    """``text`` with every control, format and surrogate character as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _shows(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def _shows(char: str) -> bool:
    return char == "\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def set_up_logging(folder: Path, level: str) -> None:
    """Logs to standard error and to ``folder``, in rotated files with mode 0600. Called again, it only sets the level."""
    root = logging.getLogger()
    root.setLevel(level)
    for quiet in ("urllib3", "engineio", "socketio", "geventwebsocket", "alembic"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    if any(getattr(handler, "aniworld", False) for handler in root.handlers):
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / _NAME
    path.touch(mode=0o600)
    handlers: list[logging.Handler] = [
        logging.StreamHandler(),
        logging.handlers.RotatingFileHandler(
            path, maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8", delay=True
        ),
    ]
    for handler in handlers:
        handler.setFormatter(SafeFormatter(FORM))
        handler.aniworld = True  # type: ignore[attr-defined]  # a mark, so that a second call finds it
        root.addHandler(handler)


def tail(folder: Path, level: str = "INFO", q: str = "", limit: int = 200) -> list[LogLine]:
    """The newest records of at least ``level`` that contain ``q``, newest first; empty where there is no log yet.

    Only the end of the log is looked through, so a rare text may stand further back. Raises OSError.
    """
    wanted, height = q.casefold(), _HEIGHTS[level]
    fitting = [
        one
        for one in _records(_end_of(folder))
        if _HEIGHTS[one.level] >= height and wanted in f"{one.name}: {one.message}".casefold()
    ]
    return [replace(one, message=one.message[:TEXT_AT_MOST]) for one in reversed(fitting[-limit:])]


def _records(text: str) -> Iterator[LogLine]:
    """Each record with the lines that belong to it; what stands before the first whole one is passed over."""
    record: LogLine | None = None
    more: list[str] = []
    for line in text.rstrip("\n").split("\n"):
        begun = _RECORD.fullmatch(line)
        if begun is None:
            more.append(line)
            continue
        if record is not None:
            yield _whole(record, more)
        record, more = LogLine(*begun.groups()), []
    if record is not None:
        yield _whole(record, more)


def _whole(record: LogLine, more: list[str]) -> LogLine:
    return replace(record, message="\n".join((record.message, *more)))


def _end_of(folder: Path) -> str:
    """The last ``READ_BYTES`` of the log; of the file before it what is missing to that, as after a change of files."""
    now = _last_bytes(folder / _NAME, READ_BYTES)
    before = _last_bytes(folder / f"{_NAME}.1", READ_BYTES - len(now)) if len(now) < READ_BYTES else b""
    return (before + now).decode("utf-8", "replace")


def _last_bytes(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - count))
            return file.read(count)
    except FileNotFoundError:
        return b""
