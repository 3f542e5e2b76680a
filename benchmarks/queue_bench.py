"""The queue's bookkeeping: 1,000 items added, and the status with 100,000 items waiting, against a short queue."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine

from aniworld.config.settings import Settings
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import EventBus
from aniworld.models import AnimeSeries, Database, DownloadQueueItem
from aniworld.models.upgrade import bring_up_to_date
from aniworld.services.queue.service import DownloadService
from aniworld.services.queue.views import DownloadRequest

LONG = 100_000


def timed(work, runs: int) -> float:
    """Median milliseconds."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def main() -> list[str]:
    """Rows of a Markdown table."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(create_engine(f"sqlite:///{Path(folder) / 'bench.db'}", pool_size=10))
        bring_up_to_date(database, Path(folder))
        with database.writing() as session:
            session.add(AnimeSeries(key="long", name="Long", site="demo", folder="Long", link="http://x/y"))
        service = DownloadService(database, Settings, ProgressService(EventBus()))
        add = timed(lambda: service.add(DownloadRequest("long", tuple((1, n) for n in range(1, 1001)))), 1)
        short = timed(service.status, 30)
        with database.writing() as session:
            session.add_all(
                DownloadQueueItem(serie_id=f"s{n % 500}", serie_name="S", season=1, episode=n, position=n)
                for n in range(LONG)
            )
        long = timed(service.status, 30)
        claim = timed(lambda: service.claim("bench"), 30)
    return [
        f"| 1,000 items added | {add:.0f} ms | - | - |",
        (
            f"| queue status with {LONG:,} items waiting | {long:.1f} ms | with 1,000: {short:.1f} ms |"
            f" {long / short:.1f} |"
        ),
        f"| claim with {LONG:,} items waiting | {claim:.1f} ms | - | - |",
    ]


if __name__ == "__main__":
    print("\n".join(main()))
