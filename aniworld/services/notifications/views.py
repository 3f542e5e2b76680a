"""What came of a test message, as the API and the page show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trial:
    """What came of a test. ``target``: what was tried, without secrets; ``message``: a sentence."""

    target: str
    ok: bool
    message: str
