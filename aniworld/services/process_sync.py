"""This process among the others of a cluster: what it tells them, and what it does when it hears of them.

What happens elsewhere goes to clients and to the memory of running progress, and never onto this process' bus:
notifications, media servers and housekeeping listen there, and act once, where it happened (docs/decisions/0093).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select

from aniworld.config.environment import Environment
from aniworld.config.store import ConfigStore
from aniworld.core.errors import InvalidInput
from aniworld.core.events import DownloadProgress, Event, EventBus, ScanProgress, SeriesUpdated, event_of, facts_of
from aniworld.models import AnimeSeries, Database, Episode
from aniworld.models.outage import DATABASE_AWAY
from aniworld.services.access.service import AuthService
from aniworld.services.access.tokens import derived
from aniworld.services.cluster.channel import EVENT, QUEUE, SCAN, SESSIONS, SETTINGS, WAKE, Messages
from aniworld.services.cluster.leases import Lease, process_name
from aniworld.services.queue.retry_now import WakingService
from aniworld.services.queue.service import DownloadService
from aniworld.services.scan.service import ScanService
from aniworld.services.settings.database_store import SharedSettings
from aniworld.services.settings.service import ConfigService

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LEASE_S = 30.0
MISSED_SERIES = 200
CLOCKS_DIFFER = timedelta(seconds=5)


@dataclass(frozen=True)
class Shared:
    """What the services of a process in a cluster are built on. ``name``: this process', as no other is called."""

    name: str
    database: Database
    messages: Messages
    settings: SharedSettings

    @classmethod
    def among_others(cls, environment: Environment, database: Database) -> Shared:
        """Raises InvalidInput for a database that processes cannot share."""
        if database.engine.dialect.name == "sqlite":
            raise InvalidInput(
                "ANIWORLD_REDIS_URL lets several processes work as one, and they need a database that they share: set "
                "ANIWORLD_DATABASE_URL to a PostgreSQL or MariaDB, or leave ANIWORLD_REDIS_URL out."
            )
        messages = Messages(environment.redis_url)
        settings = SharedSettings(database, lambda: messages.publish(SETTINGS, {}, replaces="settings"))
        return cls(process_name(environment.worker), database, messages, settings)

    def lease(self, work: str, seconds: float = LEASE_S) -> Lease:
        """The right to do ``work``, which one process does at a time."""
        return Lease(self.database, work, self.name, seconds)

    def config(self, environment: Environment) -> ConfigService:
        """The settings of all; at the very first start those of this instance's file."""
        self.settings.take_over(ConfigStore(environment.instance).load())
        return ConfigService(self.settings, environment, look_when_asked=False)


class Cluster:
    """Tells from the moment it is built; hears from ``start`` to ``stop``, each of which may be called twice."""

    def __init__(
        self,
        shared: Shared,
        *,
        bus: EventBus,
        config: ConfigService,
        auth: AuthService,
        downloads: DownloadService,
        scan: ScanService,
        waking: WakingService,
    ) -> None:
        self.name = shared.name
        self.lease = shared.lease
        self.messages = messages = shared.messages
        self._database = shared.database
        self._settings = shared.settings
        self._config = config
        self._auth = auth
        self._downloads = downloads
        self._waking = waking
        self._event_hearers: tuple[Callable[[Event], None], ...] = ()
        self._missed_since: datetime | None = None
        self._look = threading.Event()
        self._stopping = threading.Event()
        self._watch: threading.Thread | None = None
        bus.subscribe(self._tell_event)
        downloads.changes.listen_near(lambda: messages.publish(QUEUE, {}, replaces="queue"))
        auth.endings.listen_near(lambda ids: messages.publish(SESSIONS, {"ids": list(ids)}))
        scan.on_stop_wish(lambda: messages.publish(SCAN, {}))
        waking.on_wish(lambda site: messages.publish(WAKE, {"site": site}))
        messages.subscribe(EVENT, self._hear_event)
        messages.subscribe(QUEUE, lambda said: downloads.changes.ring(afar=True))
        messages.subscribe(SETTINGS, lambda said: self._look.set())
        messages.subscribe(SESSIONS, lambda said: auth.ended_afar(_texts(said.get("ids"))))
        messages.subscribe(SCAN, lambda said: scan.stop_here())
        messages.subscribe(WAKE, lambda said: self._hear_wish(said.get("site")))
        messages.on_return(self._look_at_everything)

    def check_secret(self) -> None:
        """Raises Unavailable for a process that signs with another secret than the others."""
        self._settings.check_secret(self._secret_mark())

    def accept_secret(self) -> None:
        """From now on this process' secret is the cluster's."""
        self._settings.accept_secret(self._secret_mark())

    def on_event(self, hear: Callable[[Event], None]) -> None:
        """``hear(event)`` for what happened in other processes; it must not block."""
        self._event_hearers = (*self._event_hearers, hear)

    def on_return(self, hear: Callable[[], None]) -> None:
        """``hear()`` when events may have been missed: tell the present state."""
        self.messages.on_return(hear)

    def start(self) -> None:
        if self._watch is None:
            self.messages.start()
            self._watch = threading.Thread(target=self._watch_settings, name="settings", daemon=True)
            self._watch.start()

    def stop(self) -> None:
        self._stopping.set()
        self._look.set()
        self.messages.stop()

    # ── telling and hearing ─────────────────────────────────────────────────

    def _tell_event(self, event: Event) -> None:
        self.messages.publish(EVENT, {"name": event.name, "facts": facts_of(event)}, replaces=_passing_name(event))

    def _hear_event(self, said: dict[str, Any]) -> None:
        name, facts = said.get("name"), said.get("facts")
        event = event_of(name, facts) if isinstance(name, str) and isinstance(facts, dict) else None
        if event is None:
            log.info("An event of another process is not known here and passed over: %.60r", name)
            return
        self._downloads.heard(event)
        for hear in self._event_hearers:
            hear(event)

    def _hear_wish(self, site: Any) -> None:
        """A source that rests here is asked again: ``site``, or all where it is None."""
        if (site is None or isinstance(site, str)) and self._waking.wake_here(site):
            self._downloads.changes.ring(afar=True)

    def _look_at_everything(self) -> None:
        self._missed_since = self.messages.missed_since
        self._look.set()
        self._downloads.changes.ring(afar=True)

    def _tell_missed_series(self) -> None:
        """Clients hear which series changed while events were missed; of very many they learn when they look."""
        since = self._missed_since
        if since is None:
            return
        changed = changed_series(self._database, since - CLOCKS_DIFFER, MISSED_SERIES)
        self._missed_since = None
        for event in changed if len(changed) < MISSED_SERIES else ():
            for hear in self._event_hearers:
                hear(event)

    # ── settings ────────────────────────────────────────────────────────────

    def _watch_settings(self) -> None:
        """A change of the settings is in force when its message comes, and within a second without."""
        away = False
        while not self._stopping.is_set():
            self._look.wait(LOOK_EVERY_S)
            self._look.clear()
            try:
                self._config.look()
                self._tell_missed_series()
                away = False
            except DATABASE_AWAY as error:
                if not away:
                    log.warning("The settings cannot be read; those in force stay: %s", error)
                away = True
            except Exception:  # the wall: settings that cannot be taken must not end the watch
                log.exception("New settings could not be taken")

    def _secret_mark(self) -> str:
        return derived(self._auth.secret, "mark").hex()


def _passing_name(event: Event) -> str:
    """For what is only worth its newest state: whose progress it is."""
    match event:
        case DownloadProgress():
            return event.download_id
        case ScanProgress():
            return event.scan_id
    return ""


def _texts(value: Any) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def changed_series(database: Database, since: datetime, limit: int) -> list[SeriesUpdated]:
    """At most ``limit`` series that changed or left the library since a moment, for clients that missed events."""
    episodes = select(Episode.series_id).where(Episode.updated_at >= since)
    wanted = or_(AnimeSeries.updated_at >= since, AnimeSeries.id.in_(episodes))
    in_library = or_(AnimeSeries.deleted_at.is_(None), AnimeSeries.deleted_at >= since)
    columns = AnimeSeries.key, AnimeSeries.folder, AnimeSeries.deleted_at
    with database.reading() as session:
        rows = session.execute(select(*columns).where(wanted, in_library).limit(limit))
        return [SeriesUpdated(key, folder, removed=deleted is not None) for key, folder, deleted in rows]
