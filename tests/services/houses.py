"""A small instance with something of everything in it, for backups and copies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from aniworld.config.environment import Environment
from aniworld.config.store import ConfigStore
from aniworld.models import (
    AnimeSeries,
    ApiKey,
    Database,
    DownloadQueueItem,
    Episode,
    MasterPassword,
    QueueState,
    ScanRun,
    SeenFolder,
    UserSession,
    db,
    utcnow,
)
from aniworld.models.upgrade import bring_up_to_date
from aniworld.services.backup.create import Home
from aniworld.services.backup.portable_rows import Tally, forms_of, lines_of, snapshot
from aniworld.services.settings.service import ConfigService

NAMES = ("Überfluß & Söhne", "進撃の巨人", "e\u0301 – \u202eabc", "🐉\U0010ffff", "a\tb\nc\\\"'", "")
MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC)
COVER = b"\x89PNG\r\n\x1a\n" + b"a picture" * 100
COVER_NAME = f"{hashlib.sha256(COVER).hexdigest()}.png"


@contextmanager
def house(instance: Path) -> Iterator[Home]:
    """An instance with its database at the newest revision; empty when it is new."""
    instance.mkdir(mode=0o700, exist_ok=True)
    database = Database.at(f"sqlite:///{instance / 'aniworld.db'}")
    bring_up_to_date(database, instance / "backups")
    try:
        yield Home(instance, database, ConfigService(ConfigStore(instance), Environment(instance=instance)))
    finally:
        database.close()


def furnish(home: Home) -> None:
    """Series with names that break things, episodes, a queue at work, a password, a key, a session, settings, a
    cover.
    """
    with home.database.writing() as session:
        for place, name in enumerate(NAMES):
            series = AnimeSeries(
                key=f"series-{place}", name=name, folder=name[:20], specials={"2": place}, refreshed_at=MOMENT
            )
            series.episodes = [Episode(season=1, number=1, size_bytes=2**62 + place, languages=["ger-dub"])]
            session.add(series)
        session.add(MasterPassword(id=1, digest="$argon2id$of-the-backup"))
        session.add(ApiKey(id="key-1", name="script", scope="full", digest="d" * 64))
        session.add(UserSession(id="session-1", expires_at=utcnow() + timedelta(days=1), last_seen_at=utcnow()))
        session.add(
            DownloadQueueItem(
                id="runs",
                serie_id="series-0",
                season=1,
                episode=1,
                status="downloading",
                progress=33.3333333333,
                worker="elsewhere:1",
                lease_until=utcnow() - timedelta(minutes=1),
                error="öh\u2028",
                total_bytes=2**53 + 1,
            )
        )
        session.add(QueueState(id=1, is_running=False, paused_until=None))
        session.add(ScanRun(id="scan-1", status="running", started_at=MOMENT, turn=1, warnings=["ä"]))
        session.add(
            SeenFolder(path="a/b", mtime_ns=2**63 - 1, content=[["x.mkv", 1], [None, 1.5, {"z": True, "a": None}]])
        )
    home.config.update({"notifications": {"urls": ["ntfy://a-secret-topic"]}, "download": {"concurrency": 7}})
    (home.instance / "covers").mkdir(exist_ok=True)
    (home.instance / "covers" / COVER_NAME).write_bytes(COVER)
    (home.instance / "secret_key").write_bytes(b"s" * 64)


def furnish_queue(home: Home, rows: int) -> None:
    """``rows`` items that wait."""
    when = utcnow()
    with home.database.writing() as session:
        session.execute(
            insert(DownloadQueueItem),
            [
                {
                    "id": f"item-{number:08}",
                    "serie_id": f"series-{number % 500}",
                    "season": 1,
                    "episode": number % 1000 + 1,
                    "added_at": when,
                    "languages": ["ger-dub"],
                    "failed_links": [],
                }
                for number in range(rows)
            ],
        )


def sums(database: Database) -> dict[str, tuple[int, str]]:
    """Each table's rows and their checksum."""
    found = {}
    with snapshot(database) as connection:
        for form in forms_of(db.metadata):
            tally = Tally()
            for _ in lines_of(connection, form, tally):
                pass
            found[form.name] = (tally.rows, tally.checksum)
    return found
