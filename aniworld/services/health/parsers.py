"""Whether the installed libraries read catalogue pages on this Python: looked at once after the start."""

from __future__ import annotations

import json
import logging
import platform
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from aniworld.core.children import bare_environment
from aniworld.core.health import HealthCheck
from aniworld.core.sentences import Sentence
from aniworld.services.health.context import Circumstances, error, ok, warning

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[3]
_START = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from aniworld.providers.self_check import run; run()"
COMMAND = (sys.executable, "-I", "-X", "utf8", "-c", _START)
WITHIN_S = 120.0  # it takes 0.4 s; a machine that is busy with other things gets time
LIBRARIES = ("beautifulsoup4", "soupsieve", "lxml")
_REASONS_SHOWN = 3


class ParserCheck:
    """``run`` reads one bundled page through each parser, in a child process; ``check`` is what health says of it."""

    def __init__(self, command: Sequence[str] = COMMAND, *, within_s: float = WITHIN_S) -> None:
        self._command, self._within_s = tuple(command), within_s
        self._lock = threading.Lock()
        self._found: HealthCheck | None = None

    def run(self) -> HealthCheck:
        """What was found: ``error`` for pages that are not read right, ``warning`` where it could not be found out.

        The child runs once; later calls return what the first one found.
        """
        with self._lock:
            if self._found is None:
                self._found = self._read_pages()
                if self._found.level != "ok":
                    log.error("%s %s", self._found.message, self._found.advice)
            return self._found

    def check(self, _: Circumstances) -> Iterable[HealthCheck]:
        """Nothing as long as ``run`` has not found anything."""
        if self._found is not None:
            yield self._found

    def _read_pages(self) -> HealthCheck:
        try:
            child = subprocess.run(
                self._command,
                cwd=_ROOT,
                env=bare_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._within_s,
                start_new_session=True,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as trouble:
            return _not_checked(trouble)
        if child.returncode:
            return _broken([f"{_last_line(child.stderr)} (code {child.returncode})"])
        return _verdict([(str(name), str(why)) for name, why in json.loads(child.stdout)])


def _verdict(faults: Sequence[tuple[str, str]]) -> HealthCheck:
    if not faults:
        return ok("parsers", "The installed libraries read catalogue and player pages.")
    return _broken([f"{name} ({why})" for name, why in faults])


def _broken(reasons: Sequence[str]) -> HealthCheck:
    shown = [*reasons[:_REASONS_SHOWN], *["…"] * (len(reasons) > _REASONS_SHOWN)]
    message = Sentence(
        "The installed libraries ({versions}) do not read these pages on Python {python}: {reasons}",
        versions=", ".join(f"{name} {_installed(name)}" for name in LIBRARIES),
        python=platform.python_version(),
        reasons="; ".join(shown),
    )
    advice = Sentence(
        "Install the versions in requirements.txt (pip install -r requirements.txt) and restart the server; until then "
        "no episode can be found or downloaded."
    )
    return error("parsers", message, advice)


def _not_checked(trouble: Exception) -> HealthCheck:
    message = Sentence("The page parsers could not be checked: {why}", why=type(trouble).__name__)
    return warning(
        "parsers", message, Sentence("Restart the server when this machine is less busy; the log says more.")
    )


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip()[:200] if lines else "the check exited without output"


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is missing"
