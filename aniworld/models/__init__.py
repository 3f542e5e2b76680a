"""The tables. Models hold facts; they read no configuration and abort no request."""

from aniworld.core.queue import DownloadPriority, DownloadStatus
from aniworld.models.access import ApiKey, CalendarToken, MasterPassword, RecoveryCode, SecondFactorSecret, UserSession
from aniworld.models.audit import AuditEntry
from aniworld.models.base import SoftDeleteMixin, TimestampMixin, utcnow
from aniworld.models.cluster import Lease, SettingsBackup, StoredSettings
from aniworld.models.database import Database
from aniworld.models.db import bind, db
from aniworld.models.imports import ImportCandidate, ImportRun
from aniworld.models.library import RenameRun
from aniworld.models.queue import DownloadQueueItem, QueueState
from aniworld.models.scan import ScanRun, SeenFolder
from aniworld.models.series import AnimeSeries, Episode
from aniworld.models.series_folders import SeriesFolder, SeriesSeason
from aniworld.models.workers import WorkerSeen

__all__ = [
    "AnimeSeries",
    "ApiKey",
    "AuditEntry",
    "CalendarToken",
    "Database",
    "DownloadPriority",
    "DownloadQueueItem",
    "DownloadStatus",
    "Episode",
    "ImportCandidate",
    "ImportRun",
    "Lease",
    "MasterPassword",
    "QueueState",
    "RecoveryCode",
    "RenameRun",
    "ScanRun",
    "SecondFactorSecret",
    "SeenFolder",
    "SeriesFolder",
    "SeriesSeason",
    "SettingsBackup",
    "SoftDeleteMixin",
    "StoredSettings",
    "TimestampMixin",
    "UserSession",
    "WorkerSeen",
    "bind",
    "db",
    "utcnow",
]
