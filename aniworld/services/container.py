"""Everything that the edges (web, cli, workers) may ask for, built once by ``app.build_services``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus
from aniworld.models import Database

if TYPE_CHECKING:  # names for readers and the type checker; the composition root decides what is loaded
    from aniworld.config.environment import Environment
    from aniworld.providers.cooldown import RestingSources
    from aniworld.providers.registry import Registry
    from aniworld.services.access.audit_log import AuditService
    from aniworld.services.access.service import AuthService
    from aniworld.services.backup.service import BackupService
    from aniworld.services.file_management.recycle_service import RecyclingService
    from aniworld.services.file_management.rename_jobs import RenamingRuns
    from aniworld.services.file_management.rename_service import RenamingService
    from aniworld.services.file_management.sidecars import BesideService
    from aniworld.services.health.parsers import ParserCheck
    from aniworld.services.health.system import SystemService
    from aniworld.services.library_import.legacy import DataMigrationService
    from aniworld.services.process_sync import Cluster
    from aniworld.services.queue.link_resolver import Resolver
    from aniworld.services.queue.retry_now import WakingService
    from aniworld.services.queue.service import DownloadService
    from aniworld.services.scan.folder_matches import FolderChoiceService
    from aniworld.services.scan.service import ScanService
    from aniworld.services.series.renumbering import RenumberingService
    from aniworld.services.series.service import AnimeService
    from aniworld.services.settings.service import ConfigService


@dataclass(frozen=True)
class Services:
    """``registry``: the catalogues and hosters that are installed; ``resolver`` finds an episode's stream there, and
    ``rest`` knows which source rests. ``beside``: what is written beside a placed episode.

    ``cluster``: this process among others; None where it is alone.
    ``extras``: what later parts add by name. ``stops``: called in reverse order by ``close``.
    """

    environment: Environment
    database: Database
    bus: EventBus
    config: ConfigService
    auth: AuthService
    audit: AuditService
    progress: ProgressService
    anime: AnimeService
    scan: ScanService
    folders: FolderChoiceService
    downloads: DownloadService
    renumbering: RenumberingService
    system: SystemService
    parsers: ParserCheck
    waking: WakingService
    resolver: Resolver
    rest: RestingSources
    registry: Registry
    legacy: DataMigrationService
    beside: BesideService
    recycling: RecyclingService
    renaming: RenamingService
    renamings: RenamingRuns
    backups: BackupService
    cluster: Cluster | None = None
    extras: dict[str, Any] = field(default_factory=dict)
    stops: tuple[Callable[[], None], ...] = ()

    def close(self) -> None:
        """Stops what was started for these services and closes the database. May be called twice."""
        for stop in reversed(self.stops):
            stop()
        self.database.close()
