"""Asks the public list of known weaknesses about every library that is pinned: ``make audit``. Needs the network."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

LIST = ("pypi.org", 443)
PATIENCE_S, WHOLE_S = 10, 180
NO_NETWORK = 3


def main() -> int:
    """0: nothing known; 1: something is; 3: nobody could be asked, so nothing is known either way."""
    try:
        socket.create_connection(LIST, PATIENCE_S).close()
    except OSError as error:
        print(f"Nothing was checked: {LIST[0]} is not reachable from here ({error}).", file=sys.stderr)
        print("Run make audit again on a machine with a way to the internet.", file=sys.stderr)
        return NO_NETWORK
    program = Path(sys.executable).parent / "pip-audit"
    try:
        return subprocess.run([program, "-r", "requirements.txt"], check=False, timeout=WHOLE_S).returncode
    except subprocess.TimeoutExpired:
        print(f"Nothing was checked: {LIST[0]} did not tell within {WHOLE_S} s. Try again later.", file=sys.stderr)
        return NO_NETWORK


if __name__ == "__main__":
    sys.exit(main())
