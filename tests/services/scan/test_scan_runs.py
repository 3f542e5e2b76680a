"""One scan at a time over all processes, seen to live, and stopped from anywhere; a wish for some series reads only
those.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from aniworld.models import ScanRun, SeenFolder, utcnow
from aniworld.services.cluster.leases import has_ended, process_name
from aniworld.services.scan.runs import ScanRunning, ScanRuns
from aniworld.services.scan.views import ScanStatus
from tests.services.scan.test_scan import Library, library  # noqa: F401


def running(name: str) -> ScanStatus:
    return ScanStatus(name, "running", "walk", started_at=utcnow())


def test_of_many_that_start_at_once_one_runs(database):
    begun, refused, gate = [], [], threading.Barrier(6)

    def start(name: str) -> None:
        gate.wait(10)
        try:
            ScanRuns(database).begin(running(name))
            begun.append(name)
        except ScanRunning as error:
            refused.append(error.status.scan_id)

    threads = [threading.Thread(target=start, args=(f"scan-{n}",)) for n in range(6)]
    [thread.start() for thread in threads]
    [thread.join(20) for thread in threads]
    assert len(begun) == 1 and refused == begun * 5


def test_old_scans_are_forgotten_and_the_last_ones_kept(database):
    runs, long_ago = ScanRuns(database), utcnow() - timedelta(days=30)
    with database.writing() as session:
        for number in range(700):
            began = long_ago + timedelta(minutes=number)
            session.add(ScanRun(id=f"old-{number}", status="completed", phase="done", started_at=began))
    for number in range(2):
        runs.begin(running(f"new-{number}"))
        runs.end(replace(running(f"new-{number}"), status="completed", completed_at=utcnow()))
    with database.reading() as session:
        kept = set(session.scalars(select(ScanRun.id)))
    assert kept == {"new-0", "new-1"} | {f"old-{number}" for number in range(652, 700)}
    assert runs.latest().scan_id == "new-1"


def test_a_sign_of_life_keeps_a_long_scan_and_its_lack_ends_it(database):
    runs = ScanRuns(database)
    runs.begin(running("long"))
    with database.writing() as session:
        session.execute(update(ScanRun).values(started_at=utcnow() - timedelta(hours=3)))
    assert runs.beat(running("long"))
    with pytest.raises(ScanRunning):
        runs.begin(running("next"))
    with database.writing() as session:
        session.execute(update(ScanRun).values(seen_at=utcnow() - timedelta(minutes=2)))
    assert runs.latest().status == "failed"
    runs.begin(running("next"))
    assert not runs.beat(running("long")), "the one that was taken for dead must stop"


def test_a_scan_is_stopped_from_another_process(library, monkeypatch):  # noqa: F811
    monkeypatch.setattr("aniworld.services.scan.service.HEARTBEAT_S", 0.05)
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.file("Naruto/S01E01.mkv")
    matches = library.service._records.matches

    def held():
        run = library.service._run
        ScanRuns(library.database).ask_to_stop()
        assert run.cancelled.wait(10)
        return matches()

    library.service._records.matches = held
    assert library.scan().status == "cancelled" and library.there("naruto") == {}


def test_a_scan_of_some_series_leaves_the_others_alone(library):  # noqa: F811
    for key in ("naruto", "bleach"):
        library.add(key, key.title(), {1: 2}, folder=key.title())
        library.file(f"{key.title()}/S01E01.mkv")
    library.file("Fremd/S01E01.mkv")
    library.age()
    library.scan()
    for key in ("naruto", "bleach"):
        library.file(f"{key.title()}/S01E02.mkv")
        (library.root / key.title() / "S01E01.mkv").unlink()
    library.scan(["naruto"])
    assert set(library.there("naruto")) == {"S01E02"} and set(library.there("bleach")) == {"S01E01"}
    with library.database.reading() as session:
        assert {"Bleach", "Fremd"} <= set(session.scalars(select(SeenFolder.path)))
    assert [one.folder for one in library.service.unmatched()] == ["Fremd"]
    library.scan()
    assert set(library.there("bleach")) == {"S01E02"}


def test_a_renamed_folder_of_the_wanted_series_loses_nothing(library):  # noqa: F811
    library.add("naruto", "Naruto", {1: 1}, folder="Naruto")
    library.file("Naruto/S01E01 ein Name.mkv")
    library.scan()
    (library.root / "Naruto").rename(library.root / "ganz anders")
    status = library.scan(["naruto"])
    assert set(library.there("naruto")) == {"S01E01"} and any("ganz anders" in one for one in status.warnings)


def test_a_scan_that_had_nothing_to_read_is_whole_at_its_end(library):  # noqa: F811
    for key in ("naruto", "bleach"):
        library.add(key, key.title(), {1: 1}, folder=key.title())
    library.file("Bleach/S01E01.mkv")
    library.scan()
    ended = library.scan(["naruto"])
    assert (ended.status, ended.total, ended.percent) == ("completed", 0, 100.0)


def test_a_scan_whose_process_is_gone_keeps_nobody_waiting(database):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(20)
    ScanRuns(database, f"{socket.gethostname()}/{gone.pid}-abc").begin(running("interrupted"))
    assert ScanRuns(database).latest().status == "failed"
    ScanRuns(database, process_name()).begin(running("next"))
    assert ScanRuns(database).latest().status == "running"


@pytest.mark.parametrize(
    "name", [None, "", "/", "nonsense", "elsewhere/1-abc", "{host}/x-abc", "{host}/99999999999999999999-a"]
)
def test_of_what_is_not_known_only_silence_tells(database, name):
    process = name and name.format(host=socket.gethostname())
    assert not has_ended(process)
    assert not has_ended(process_name())
