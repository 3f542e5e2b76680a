"""Checks of parts that know themselves how they fare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from aniworld.config.upgrades import Replaced
from aniworld.core.health import HealthCheck
from aniworld.core.sentences import Sentence
from aniworld.services.health.context import Check, Circumstances, notice, ok, warning
from aniworld.services.notifications.views import Trial


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


def catalogue_pages_by(notes: Callable[[], Mapping[str, Mapping[str, Sequence[str]]]]) -> Check:
    """``notes()``: by site and path, what of the catalogues' lists could not be read when they were read last."""

    def catalogue_pages(_: Circumstances) -> Iterable[HealthCheck]:
        found = [(site, note) for site, pages in notes().items() for said in pages.values() for note in said]
        for site, note in found:
            message = Sentence("A list of {site} was not read whole: {note}", site=site, note=note)
            yield notice(
                "catalogue_pages", message, Sentence("The rest of it is used; the log says what was left out.")
            )
        if not found:
            yield ok("catalogue_pages", "The catalogues' lists are read whole.")

    return catalogue_pages
