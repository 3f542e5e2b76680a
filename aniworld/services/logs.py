"""Logs that a hostile title cannot forge: control and direction characters are written as escapes."""

from __future__ import annotations

import logging
import logging.handlers
import unicodedata
from pathlib import Path

FORM = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
FILE_BYTES = 5_000_000
FILES = 5
_LINE_BREAK = "\n"
_NAME = "aniworld.log"


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
