"""What is remembered of bytes that failed their check: the same ones are not fetched a third time.

The record is next to the link's working folder, which goes when the link is given up, in the item's own, which goes
with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from aniworld import __version__
from aniworld.core.errors import WrongMedia
from aniworld.transfer.engine.part_file import storage
from aniworld.transfer.protocol.job import TransferJob

MOST = 2
_AT_ONCE = 1024 * 1024


def check_refused(job: TransferJob) -> None:
    """Nothing, unless the same bytes came ``MOST`` times already and failed. Raises WrongMedia then."""
    record = _read(job)
    if record.get("times", 0) >= MOST:
        raise WrongMedia(
            f"The same file came from this hoster twice and failed its check both times: {record.get('why')} "
            "It is not fetched again. Use another hoster, or remove the item from the queue and add it again."
        )


def note_refused(job: TransferJob, tracks: Iterable[Path], why: WrongMedia) -> None:
    """Counts that the bytes in ``tracks`` failed. Raises StorageError."""
    with storage(job.folder):
        digest = _digest(tracks)
        known = _read(job)
        times = known.get("times", 0) + 1 if known.get("digest") == digest else 1
        facts = {"by": _by(job), "digest": digest, "times": times, "why": str(why)}
        fresh = _record(job).with_suffix(".new")
        fresh.write_text(json.dumps(facts))
        os.replace(fresh, _record(job))


def forget_refused(job: TransferJob) -> None:
    _record(job).unlink(missing_ok=True)


def _record(job: TransferJob) -> Path:
    return job.folder.with_name(f"{job.folder.name}.refused.json")


def _read(job: TransferJob) -> dict[str, Any]:
    """The record, if it was made by this version and for the same check."""
    try:
        record = json.loads(_record(job).read_text())
    except (OSError, ValueError):
        return {}
    fits = isinstance(record, dict) and record.get("by") == _by(job) and isinstance(record.get("times"), int)
    return record if fits else {}


def _by(job: TransferJob) -> list[str | bool | None]:
    return [__version__, job.language, job.quality, job.full_decode_check]


def _digest(tracks: Iterable[Path]) -> str:
    found = sha256()
    for path in tracks:
        with path.open("rb") as file:
            while data := file.read(_AT_ONCE):
                found.update(data)
    return found.hexdigest()
