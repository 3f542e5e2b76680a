"""Checks of parts that know themselves how they fare."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aniworld.core.sentences import Sentence
from aniworld.services.views import HealthCheck, Trial

from .circumstances import Check, Circumstances, ok, warning


def notifications_by(trouble: Callable[[], Trial | None]) -> Check:
    """``trouble()``: what could not be sent at last; None when all could."""

    def notifications(_: Circumstances) -> Iterable[HealthCheck]:
        failed = trouble()
        if failed is None:
            yield ok("notifications", "Notifications arrive.")
            return
        message = Sentence("A notification to {target} was not sent: {why}", target=failed.target, why=failed.message)
        yield warning("notifications", message, Sentence("Try the addresses with the test button in the settings."))

    return notifications
