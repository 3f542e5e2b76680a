"""Asks the public list of known weaknesses about every library that is pinned: ``make audit``. Needs the network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WHOLE_S = 180
NO_NETWORK = 3


def main() -> int:
    """0: nothing known; 1: something is; 3: nobody could be asked, so nothing is known either way."""
    program = Path(sys.executable).parent / "pip-audit"
    try:
        return subprocess.run([program, "-r", "requirements.txt"], check=False, timeout=WHOLE_S).returncode
    except subprocess.TimeoutExpired:
        print(f"Nothing was checked: the list did not answer within {WHOLE_S} s.", file=sys.stderr)
        print("Run make audit again on a machine with a way to the internet.", file=sys.stderr)
        return NO_NETWORK


if __name__ == "__main__":
    sys.exit(main())
