"""CalendarFeedService: the calendar for calendar programs, and the one password that they read it with."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from aniworld.core.errors import NotFound, Unavailable
from aniworld.core.media import EpisodeNumber
from aniworld.models import AnimeSeries, CalendarToken, Database, Episode, utcnow
from aniworld.services.access.audit_log import AuditService
from aniworld.services.access.tokens import same
from aniworld.services.calendar.feed_entry import Occasion
from aniworld.services.calendar.service import CalendarService
from aniworld.services.calendar.views import CalendarAccess, CalendarEntry

log = logging.getLogger(__name__)

USER = "calendar"
TOKEN_PREFIX = "awc_"  # noqa: S105 - the part that every token has
NEW_FOR = timedelta(days=14)
SETTLED_AFTER = timedelta(hours=1)  # what came with a series itself is no news
SEEN_EVERY = timedelta(hours=1)
MOST = 2_000
ZONE = ZoneInfo("Europe/Berlin")  # the catalogues' days


class CalendarFeedService:
    """The password opens the feed and nothing else, is kept as a hash and shown once. ``clock``: now, in UTC."""

    def __init__(
        self, database: Database, calendar: CalendarService, audit: AuditService, clock: Callable[[], datetime] = utcnow
    ) -> None:
        self._database = database
        self._calendar = calendar
        self._audit = audit
        self._clock = clock

    # ── the password ────────────────────────────────────────────────────────

    def access(self) -> CalendarAccess:
        """Whether calendar programs may read, and since when."""
        with self._database.reading() as session:
            row = session.get(CalendarToken, 1)
        return CalendarAccess(True, USER, row.created_at, row.last_used_at) if row else CalendarAccess(False, USER)

    def allow(self) -> CalendarAccess:
        """A new password, in the only answer that ever shows it; the one before is good no more."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        with self._database.writing() as session:
            session.merge(CalendarToken(id=1, digest=_digest(token), created_at=now, last_used_at=None))
        self._audit.record("calendar_opened")
        return CalendarAccess(True, USER, now, None, token)

    def forbid(self) -> None:
        """No calendar program may read any more. Raises NotFound where none may."""
        with self._database.writing() as session:
            row = session.get(CalendarToken, 1)
            if row is None:
                raise NotFound("There is no password for calendar programs.")
            session.delete(row)
        self._audit.record("calendar_closed")

    def opens(self, user: str, token: str) -> bool:
        """Whether this is the password in force."""
        with self._database.reading() as session:
            row = session.get(CalendarToken, 1)
        good = row is not None and user == USER and same(_digest(token), row.digest)
        if good and row is not None and self._clock() - (row.last_used_at or row.created_at - SEEN_EVERY) >= SEEN_EVERY:
            self._note_used()
        return good

    def _note_used(self) -> None:
        try:
            with self._database.writing() as session:
                session.execute(update(CalendarToken).values(last_used_at=self._clock()))
        except (Unavailable, SQLAlchemyError) as error:
            log.info("When the calendar was last read could not be written: %s", error)

    # ── the feed ────────────────────────────────────────────────────────────

    def feed(self, address: Callable[[Occasion], str] = lambda occasion: "") -> bytes:
        """What comes out and what came out in the last two weeks, as iCalendar (RFC 5545); the same bytes for the same
        facts.

        ``address``: where an occasion's series is shown. Raises SourceError, Unavailable where no calendar can be read.
        """
        from aniworld.services.calendar.ics import (
            written,  # icalendar is heavy, and most servers have no calendar program
        )

        return written(self.occasions(), address)

    def occasions(self) -> list[Occasion]:
        """By day; episodes that came out without an announcement stand on the day on which they were seen."""
        announced = _announced(self._calendar.upcoming())
        named = {one.uid for one in announced}
        found = [*announced, *(one for one in self._arrived() if one.uid not in named)]
        return sorted(found, key=lambda one: (one.day, one.title, one.uid))[-MOST:]

    def _arrived(self) -> Iterable[Occasion]:
        since = self._clock() - NEW_FOR
        query = (
            select(AnimeSeries.key, AnimeSeries.name, AnimeSeries.created_at, Episode)
            .join(Episode, Episode.series_id == AnimeSeries.id)
            .where(AnimeSeries.deleted_at.is_(None), Episode.available.is_(True), Episode.link != "")
            .where(Episode.created_at >= since)
            .order_by(Episode.created_at.desc())
            .limit(MOST)
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        for key, name, added, episode in rows:
            if episode.created_at - added >= SETTLED_AFTER:
                day = episode.created_at.astimezone(ZONE).date()
                yield _occasion(key, name, episode.season, episode.number, day, note=episode.title or episode.title_en)


def _announced(entries: Sequence[CalendarEntry]) -> list[Occasion]:
    """Each episode once, on its first day; what names no episode once a day."""
    found: dict[str, Occasion] = {}
    for one in entries:
        occasion = _occasion(one.key, one.name, one.season, one.episode, date.fromisoformat(one.day), one.at)
        found.setdefault(occasion.uid, occasion)
    return list(found.values())


def _occasion(
    key: str, name: str, season: int | None, number: int | None, day: date, at: datetime | None = None, note: str = ""
) -> Occasion:
    known = season is not None and number is not None
    code = EpisodeNumber(season or 0, number or 0).code if known else f"E{number:02d}" if number else ""
    which = code if known else f"{code} {day.isoformat()}"
    uid = str(uuid5(NAMESPACE_URL, f"aniworld:calendar:{key}:{which}"))
    return Occasion(uid, f"{name} {code}".strip(), key, season, day, at, note)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
