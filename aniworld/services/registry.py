"""Everything that the edges (web, cli, workers) may ask for, built once by ``app.build_services``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aniworld.core.events import EventBus
from aniworld.models import Database

from .progress import ProgressService

if TYPE_CHECKING:  # names for readers and the type checker; the composition root decides what is loaded
    from aniworld.config.environment import Environment
    from aniworld.providers.registry import Registry
    from aniworld.providers.rest import RestingSources

    from .anime import AnimeService
    from .audit import AuditService
    from .auth import AuthService
    from .backups import BackupService
    from .beside import BesideService
    from .cluster import Cluster
    from .configuration import ConfigService
    from .downloads import DownloadService
    from .folder_choices import FolderChoiceService
    from .health.parsers import ParserCheck
    from .legacy_import import DataMigrationService
    from .recycling import RecyclingService
    from .renaming import RenamingService
    from .renaming_runs import RenamingRuns
    from .renumbering_service import RenumberingService
    from .resolving import Resolver
    from .scan import ScanService
    from .system import SystemService
    from .waking import WakingService


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
