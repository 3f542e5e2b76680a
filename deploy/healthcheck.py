"""Ends with 0 when the server on ANIWORLD_BIND answers /health with 200, else with 1 and one line why.

Standard library only and started with -I -S: it runs every half minute.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

ANSWERS_WITHIN_S = 4
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compares


def listens_at(bind: str) -> tuple[str, int]:
    """Where to ask a server that binds to ``bind``: ``0.0.0.0:5000``, ``[::]:5000``, ``:5000``."""
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    return EVERYWHERE.get(host, host), int(port)


def trouble(bind: str) -> str | None:
    try:
        host, port = listens_at(bind)
        connection = HTTPConnection(host, port, timeout=ANSWERS_WITHIN_S)
        connection.request("GET", "/health", headers={"Host": "localhost"})
        status = connection.getresponse().status
    except (OSError, HTTPException, ValueError) as error:
        return f"no answer at {bind}: {error}"
    return None if status == 200 else f"/health answers {status}"


if __name__ == "__main__":
    found = trouble(os.environ.get("ANIWORLD_BIND") or "0.0.0.0:5000")
    if found:
        print(found)
    sys.exit(1 if found else 0)
