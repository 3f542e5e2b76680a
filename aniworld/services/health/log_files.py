"""Logs that a hostile title cannot forge: control and direction characters are written as escapes."""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
import sys
import time
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aniworld.config.instance import check_is_file, instance_errors, make_folder
from aniworld.config.settings import LOG_LEVELS, LoggingSettings

FORM = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
MB = 1_000_000
COMPLAIN_EVERY_S = 60.0
_LINE_BREAK = "\n"
_NAME = "aniworld.log"
READ_BYTES = 2_000_000  # at most this much of the log's end is looked through
TEXT_AT_MOST = 4000  # characters of one record that are shown; a traceback fits
_RECORD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S* (DEBUG|INFO|WARNING|ERROR|CRITICAL) +([^\s:]+): (.*)")
_HEIGHTS = {"CRITICAL": len(LOG_LEVELS), **{level: height for height, level in enumerate(LOG_LEVELS)}}

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is being answered, for the lines that are logged meanwhile; empty outside of one."""


@dataclass(frozen=True)
class LogLine:
    """One record. ``at``: the server's local time as it was written; ``name``: which part spoke."""

    at: str
    level: str
    name: str
    message: str


class SafeFormatter(logging.Formatter):
    """One record is one line, a traceback's own lines apart: those are indented. It ends with the request's id."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        asked = request_id.get()
        return super().formatMessage(record) + (f" [{asked}]" if asked else "")

    def format(self, record: logging.LogRecord) -> str:
        lines = super().format(record).split(_LINE_BREAK)
        if record.exc_info or record.stack_info:
            return "\n    ".join(map(printable, lines))
        return printable("\\n".join(lines))


class JsonFormatter(logging.Formatter):
    """One record is one JSON object on a line: at, level, name, message, and where there are: request, trace."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "name": record.name,
            "message": record.getMessage(),
            "request": request_id.get(),
            "trace": self.formatException(record.exc_info) if record.exc_info else "",
        }
        return json.dumps({name: value for name, value in said.items() if value})


def printable(text: str) -> str:
    """``text`` with every control, format and surrogate character as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _shows(char) else char.encode("unicode_escape").decode("ascii") for char in text)


def _shows(char: str) -> bool:
    return char == "\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def set_up_logging(folder: Path, wanted: LoggingSettings) -> None:
    """Logs to standard error and to ``folder``, in rotated files with mode 0600. Called again, it takes what is new."""
    root = logging.getLogger()
    root.setLevel(wanted.level)
    for quiet in ("urllib3", "engineio", "socketio", "alembic"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    if not _ours(root):
        _begin(root, folder)
    for handler in _ours(root):
        handler.setFormatter(JsonFormatter() if wanted.format == "json" else SafeFormatter(FORM))
        if isinstance(handler, logging.handlers.RotatingFileHandler):
            handler.maxBytes, handler.backupCount = wanted.file_mb * MB, wanted.files


class LogFile(logging.handlers.RotatingFileHandler):
    """While its disk takes nothing, standard error has the record and once a minute the reason, not a traceback each
    time.
    """

    _complained_at: float | None = None

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        now = time.monotonic()
        if self._complained_at is None or now - self._complained_at >= COMPLAIN_EVERY_S:
            self._complained_at = now
            with suppress(OSError, ValueError):
                print(f"The log file {self.baseFilename} cannot be written: {error.strerror}", file=sys.stderr)


def _begin(root: logging.Logger, folder: Path) -> None:
    make_folder(folder)
    path = folder / _NAME
    check_is_file(path)
    with instance_errors(folder):
        path.touch(mode=0o600)
    handlers: tuple[logging.Handler, ...] = (
        logging.StreamHandler(),
        LogFile(path, encoding="utf-8", delay=True),
    )
    for handler in handlers:
        handler.aniworld = True  # type: ignore[attr-defined]  # a mark, so that a second call finds it
        root.addHandler(handler)


def _ours(root: logging.Logger) -> list[logging.Handler]:
    return [handler for handler in root.handlers if getattr(handler, "aniworld", False)]


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
        begun = _begun(line)
        if begun is None:
            more.append(line)
            continue
        if record is not None:
            yield _whole(record, more)
        record, more = begun, []
    if record is not None:
        yield _whole(record, more)


def _begun(line: str) -> LogLine | None:
    """The record that begins on a line, in either format; None where the line goes on with one, or is cut."""
    if not line.startswith("{"):
        found = _RECORD.fullmatch(line)
        return LogLine(*found.groups()) if found else None
    try:
        said = json.loads(line)
        asked = f" [{said['request']}]" if said.get("request") else ""
        trace = "\n" + said["trace"] if said.get("trace") else ""
        text = _LINE_BREAK.join(map(printable, f"{said['message']}{asked}{trace}".split(_LINE_BREAK)))
        level = said["level"] if said["level"] in _HEIGHTS else "INFO"
        at = printable(said["at"][:19].replace("T", " "))
        return LogLine(at, level, printable(said["name"]), text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # no line of ours
        return None


def _whole(record: LogLine, more: list[str]) -> LogLine:
    return replace(record, message="\n".join((record.message, *more)))


def _end_of(folder: Path) -> str:
    """The last ``READ_BYTES`` of the log; of the file before it what is missing to that, as after a change of files."""
    now = _last_bytes(folder / _NAME, READ_BYTES)
    before = b""
    if len(now) < READ_BYTES:
        with suppress(OSError):  # what is before the newest log may be away, and it is shown all the same
            before = _last_bytes(folder / f"{_NAME}.1", READ_BYTES - len(now))
    return (before + now).decode("utf-8", "replace")


def _last_bytes(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - count))
            return file.read(count)
    except FileNotFoundError:
        return b""
