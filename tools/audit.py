"""Asks the public lists of known weaknesses about every library that is pinned: ``make audit``. Needs the network.

A list that does not answer for a library says nothing about it: that is never taken for "nothing known".
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

WHOLE_S = 180
SERVICES = ("pypi", "osv")
NOTHING, FOUND, NOBODY = 0, 1, 3
HOW_TO = "Run make audit again on a machine with a way to the internet (pypi.org, or api.osv.dev)."


@dataclass(frozen=True)
class Verdict:
    """``code``: 0 nothing is known; 1 something is; 3 not every library could be asked about, so nothing is sure."""

    code: int
    lines: tuple[str, ...]


def verdict(report: str) -> Verdict:
    """What pip-audit's report (JSON) says."""
    try:
        libraries = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Verdict(NOBODY, ("Nothing was checked: the list did not answer.",))
    known = [
        f"{one['name']} {one['version']}: {weakness['id']}{_mended(weakness)}"
        for one in libraries
        for weakness in one.get("vulns", ())
    ]
    unasked = [one["name"] for one in libraries if "skip_reason" in one]
    if known:
        return Verdict(FOUND, (f"Known weaknesses: {len(known)}", *known))
    if unasked or not libraries:
        return Verdict(
            NOBODY, (f"Not checked: {len(unasked)} of {len(libraries)} libraries; the list does not know them.",)
        )
    return Verdict(NOTHING, (f"No weakness is known of any of {len(libraries)} libraries.",))


def ask(service: str, requirements: Path) -> Verdict:
    """Every line is pinned with everything that it needs, so nothing has to be resolved or installed."""
    program = Path(sys.executable).parent / "pip-audit"
    command = [
        program,
        "-r",
        requirements,
        "--no-deps",
        "--disable-pip",
        "--progress-spinner",
        "off",
        "-f",
        "json",
        "-s",
        service,
    ]
    try:
        done = subprocess.run(command, check=False, timeout=WHOLE_S, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        return Verdict(NOBODY, (f"Nothing was checked: the list did not answer within {WHOLE_S} s.",))
    except OSError:
        return Verdict(NOBODY, ("Nothing was checked: pip-audit is not installed; make test installs it.",))
    return verdict(done.stdout)


def main() -> int:
    requirements = Path(__file__).resolve().parents[1] / "requirements.txt"
    for service in SERVICES:
        told = ask(service, requirements)
        print("\n".join(f"{service}: {line}" for line in told.lines), file=sys.stderr if told.code else sys.stdout)
        if told.code != NOBODY:
            return told.code
    print(HOW_TO, file=sys.stderr)
    return NOBODY


def _mended(weakness: dict[str, list[str]]) -> str:
    versions = weakness.get("fix_versions") or []
    return f" (mended in {', '.join(versions)})" if versions else ""


if __name__ == "__main__":
    sys.exit(main())
