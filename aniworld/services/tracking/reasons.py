"""Why a check for new episodes checks nothing: the sentence that its answer and the page give."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from aniworld.core.sentences import Sentence
from aniworld.models import AnimeSeries, Database
from aniworld.providers.cooldown import RestingSources
from aniworld.services.tracking.rules import Followed

NO_SERIES = "The library has no series yet; add one to have it checked."
NO_LINK = "No monitored series has a catalogue page; match their folders to a catalogue first."
NONE_MONITORED = "No series is monitored; switch Monitor on for those that should be checked."
RESTING = (
    "{sites} is cooling down after a browser check or too many requests; check again later, or press Try now on the"
    " System page."
)
ALL_FRESH = (
    "Every monitored series ({count}) was read within the last {hours} h, and the catalogue's lists name nothing new."
)


def why_nothing_can_be(database: Database) -> str | None:
    """Why no series can be checked at all; None where some can."""
    living = AnimeSeries.deleted_at.is_(None)
    with database.reading() as session:
        total = session.scalar(select(func.count(AnimeSeries.id)).where(living)) or 0
        monitored = select(func.count(AnimeSeries.id)).where(living, AnimeSeries.monitored.is_(True))
        watched = session.scalar(monitored) or 0
        linked = session.scalar(monitored.where(AnimeSeries.link != "")) or 0
    if not total:
        return NO_SERIES
    if not watched:
        return NONE_MONITORED
    return None if linked else NO_LINK


def why_nothing_is(
    database: Database, followed: Sequence[Followed], chosen: Sequence[Followed], rest: RestingSources, hours: float
) -> str | None:
    """Why none of the ``followed`` series is checked now; None where one of ``chosen`` is."""
    if not followed:
        return why_nothing_can_be(database)
    asked = chosen or followed
    resting = sorted({one.site for one in asked if rest.rest_of(one.site) is not None})
    if resting and all(one.site in resting for one in asked):
        return Sentence(RESTING, sites=", ".join(resting))
    return None if chosen else Sentence(ALL_FRESH, count=len(followed), hours=f"{hours:g}")
