"""One check of the health page, as the API and the page show it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HealthCheck:
    """``level``: ok, notice, warning, error. ``advice``: what to do about it."""

    name: str
    level: str
    message: str
    advice: str = ""
