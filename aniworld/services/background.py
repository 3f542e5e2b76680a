"""What happens by itself, in one place: tracking, notifications, the media server, the calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aniworld.config.settings import Settings
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import CatalogueResting, EventBus
from aniworld.core.health import HealthCheck
from aniworld.models import Database
from aniworld.providers.cooldown import Rest
from aniworld.providers.registry import Registry
from aniworld.services.access.audit_log import AuditService
from aniworld.services.calendar.feed import CalendarFeedService
from aniworld.services.calendar.service import CalendarService
from aniworld.services.cluster.leases import Lease
from aniworld.services.health.alerts import HealthWatch
from aniworld.services.notifications.media_servers import MediaServerService
from aniworld.services.notifications.service import NotificationService
from aniworld.services.queue.service import DownloadService
from aniworld.services.series.service import AnimeService
from aniworld.services.tracking.service import TrackingService

EXTRA = "automation"  # its name among the extras of Services


@dataclass(frozen=True)
class Automation:
    """``start`` lets notifications and the media server listen; ``stop`` ends that and a running look. Each may be
    called twice. The look on schedule is ``workers.scheduler``'s."""

    bus: EventBus
    registry: Registry
    tracking: TrackingService
    notifications: NotificationService
    media_servers: MediaServerService
    calendar: CalendarService
    health: HealthWatch
    feed: CalendarFeedService
    _stops: list[Callable[[], None]] = field(default_factory=list, repr=False)

    def start(self) -> None:
        if self._stops:
            return
        self._stops.append(self.registry.rest.listen(self._tell_of_rest))
        for service in (self.notifications, self.media_servers, self.health):
            service.start()
            self._stops.append(service.stop)

    def stop(self) -> None:
        self.tracking.stop()
        while self._stops:
            self._stops.pop()()

    def _tell_of_rest(self, rest: Rest) -> None:
        self.bus.publish(CatalogueResting(rest.site, round(rest.seconds), rest.why))


def build_automation(  # noqa: PLR0913 - the place where the parts are put together
    *,
    database: Database,
    bus: EventBus,
    registry: Registry,
    anime: AnimeService,
    downloads: DownloadService,
    progress: ProgressService,
    settings: Callable[[], Settings],
    private_hosts: tuple[str, ...],
    user_agent: str,
    spawn: Callable[[Callable[[], None]], None],
    audit: AuditService,
    checks: Callable[[], Iterable[HealthCheck]],
    lease: Lease | None = None,
) -> Automation:
    """Everything built and wired; nothing started. ``checks``: those of the server's health. ``lease``: of the look for
    new episodes, where several processes share it."""
    calendar = CalendarService(
        database, registry, spawn, postponements=anime.postponements, languages=lambda: settings().download.languages
    )
    return Automation(
        bus=bus,
        registry=registry,
        tracking=TrackingService(
            database=database,
            registry=registry,
            anime=anime,
            downloads=downloads,
            settings=settings,
            progress=progress,
            calendar=calendar,
            spawn=spawn,
            lease=lease,
        ),
        notifications=NotificationService(bus, settings, private_hosts=private_hosts),
        media_servers=MediaServerService(bus, settings, user_agent=user_agent, private_hosts=private_hosts),
        calendar=calendar,
        health=HealthWatch(checks, bus.publish, lambda: "health" in settings().notifications.events),
        feed=CalendarFeedService(database, calendar, audit),
    )
