"""The check of the whole backups: how old the newest one is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from aniworld.core.health import HealthCheck
from aniworld.core.sentences import Sentence
from aniworld.services.backup.store import BackupShelf
from aniworld.services.health.context import Circumstances, ok, warning

LATE = timedelta(days=1)  # a machine that sleeps at night is not late


def backup(here: Circumstances) -> Iterable[HealthCheck]:
    """A warning only where backups shall be made by themselves and are not: each was read again when it was made."""
    wanted = here.settings().backup
    newest = max((one.created_at for one in BackupShelf(here.instance).list()), default=None)
    if newest is None:
        yield ok("backup", "There is no backup yet.")
        return
    age = here.clock() - newest
    if wanted.enabled and age > 2 * timedelta(hours=wanted.interval_hours) + LATE:
        message = Sentence.counting(
            "The last backup is {count} day old.", "The last backup is {count} days old.", count=age.days
        )
        advice = Sentence("Make one now in the settings, under Backup, or see in the log why none is made by itself.")
        yield warning("backup", message, advice)
    else:
        hours = max(0, int(age.total_seconds() // 3600))
        message = Sentence.counting(
            "A backup was made {count} hour ago.", "A backup was made {count} hours ago.", count=hours
        )
        yield HealthCheck("backup", "ok", message)
