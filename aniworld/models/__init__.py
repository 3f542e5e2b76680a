"""The tables. Models hold facts; they read no configuration and abort no request."""

from aniworld.core.queue import DownloadPriority, DownloadStatus

from .access import ApiKey, CalendarToken, MasterPassword, RecoveryCode, SecondFactorSecret, UserSession
from .audit import AuditEntry
from .base import Base, SoftDeleteMixin, TimestampMixin, utcnow
from .cluster import Lease, SettingsBackup, StoredSettings
from .database import Database
from .library import RenameRun
from .queue import DownloadQueueItem, QueueState
from .scan import FolderMatch, ScanRun, SeenFolder
from .series import AnimeSeries, Episode
from .workers import WorkerSeen

__all__ = [
    "AnimeSeries",
    "ApiKey",
    "AuditEntry",
    "Base",
    "CalendarToken",
    "Database",
    "DownloadPriority",
    "DownloadQueueItem",
    "DownloadStatus",
    "Episode",
    "FolderMatch",
    "Lease",
    "MasterPassword",
    "QueueState",
    "RecoveryCode",
    "RenameRun",
    "ScanRun",
    "SecondFactorSecret",
    "SeenFolder",
    "SettingsBackup",
    "SoftDeleteMixin",
    "StoredSettings",
    "TimestampMixin",
    "UserSession",
    "WorkerSeen",
    "utcnow",
]
