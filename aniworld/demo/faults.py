"""What the demo does wrong when it is told to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Fault:
    """Something that goes wrong where a path begins with ``path``.

    ``delay`` seconds before the answer; ``status`` in place of the true one; ``protection`` shows the page of a browser
    check (status 403 unless told); ``cut_after`` bytes of the body the connection breaks; ``times`` None = always.
    """

    path: str = "/"
    status: int | None = None
    delay: float = 0.0
    protection: bool = False
    body: bytes | None = None
    cut_after: int | None = None
    retry_after: int | None = None
    times: int | None = None
