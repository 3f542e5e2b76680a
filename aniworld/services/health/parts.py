"""Checks of parts that know themselves how they fare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aniworld.config.upgrades import Replaced
from aniworld.core.sentences import Sentence
from aniworld.services.views import HealthCheck, Trial

from .circumstances import Check, Circumstances, notice, ok, warning


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


def catalogue_address_by(replaced: Callable[[], Sequence[Replaced]]) -> Check:
    """``replaced()``: dead addresses of catalogues that were replaced when the server started."""

    def catalogue_address(_: Circumstances) -> Iterable[HealthCheck]:
        for one in replaced():
            message = Sentence(
                "The catalogue's address {old} is dead; {new} is used instead.", old=one.old, new=one.new
            )
            advice = Sentence("Nothing needs to be done. The earlier settings are kept under Earlier settings.")
            yield notice("catalogue_address", message, advice)
        if not replaced():
            yield ok("catalogue_address", "No known dead address is configured.")

    return catalogue_address
