"""A scan in a process of its own: the same answers, stopped at once, and true rows whoever is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, select, update

from aniworld.core.callbacks import CallbackManager
from aniworld.core.errors import DatabaseAway
from aniworld.core.events import ScanComplete, ScanFailed, ScanProgress, SeriesUpdated
from aniworld.models import AnimeSeries, Episode, SeenFolder, utcnow
from aniworld.services.scan.job import ManyFolders, ScanWish, ScanWork
from aniworld.services.scan.process import ScanProcess, StopWish
from aniworld.services.scan.repository import ScanRecords
from tests.running import ROOT, until
from tests.services.scan.test_scan import Library

BESIDE = """
import sys
from sqlalchemy import make_url
from aniworld.core.callbacks import CallbackManager
from aniworld.services.scan.process import ScanProcess, StopWish
from aniworld.services.scan.job import ScanWish
ScanProcess(make_url(sys.argv[1]), ScanWish("x", sys.argv[2])).run(CallbackManager(), StopWish())
"""


@pytest.fixture
def library(tmp_path, database_url):
    here = Library(tmp_path, database_url)
    here.service._most_here = lambda: 0
    yield here
    here.service.cancel()
    here.service.wait(10)
    here.database.close()


@contextmanager
def locked(library: Library):
    """Nobody else can write the episodes meanwhile."""
    with library.database.concurrent_writing() as session:
        session.execute(update(Episode).values(season=Episode.season), execution_options={"synchronize_session": False})
        yield
        session.rollback()


def scanning(pid: int) -> list[int]:
    """The processes that a server has started to scan, and that live."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            facts = (place / "stat").read_text().rsplit(")", 1)[1].split()
            ours = b"aniworld.services.scan.child" in (place / "cmdline").read_bytes()
        except OSError:  # ended meanwhile
            continue
        if ours and int(facts[1]) == pid and facts[0] != "Z":
            found.append(int(place.name))
    return found


def filled(library: Library, count: int = 40) -> None:
    for number in range(count):
        library.add(f"serie-{number}", f"Serie {number}", {1: 2}, folder=f"Serie {number}")
        library.file(f"Serie {number}/S01E01.mkv")


def waiting_to_write(library: Library) -> int:
    """The process of the scan that has read its first folders and cannot write them."""
    until(lambda: library.service.status().phase == "record", 20)
    (child,) = scanning(os.getpid())
    return child


def test_it_tells_and_records_the_same(library):
    library.add("naruto", "Naruto", {1: 3}, folder="Naruto", refreshed_at=utcnow())
    library.file("Naruto/Season 01/Naruto - S01E01 - Der Anfang.mkv", 7)
    library.file("Naruto/Folge 2 (German Sub).mp4")
    library.file("Naruto Ship/S01E01.mkv")
    library.file("Naruto/Schl\u00fcssel \U0001f511/S01E03\t.mkv")
    (library.root / "weg").symlink_to(library.root / "nirgends")
    status = library.scan()
    assert (status.status, status.series_found, status.episodes_found, status.missing_total) == ("completed", 1, 3, 0)
    assert status.warnings == ("weg leads nowhere; is a disk missing? Nothing of it is marked as missing.",)
    assert library.there("naruto")["S01E02"] == "Folge 2 (German Sub).mp4"
    kinds = [type(event) for event in library.events]
    assert kinds.count(ScanComplete) == 1 and ScanProgress in kinds
    assert [event.key for event in library.events if isinstance(event, SeriesUpdated)] == ["naruto"]
    assert [one.folder for one in library.service.unmatched()] == ["Naruto Ship"]


def test_what_did_not_change_starts_no_process(library):
    filled(library, 2)
    library.age()
    library.scan()
    with library.database.reading() as session:
        before = session.execute(select(SeenFolder.path, SeenFolder.content).order_by(SeenFolder.path)).all()
    library.events.clear()
    status = library.scan()
    assert status.status == "completed" and status.series_found == 2
    with library.database.reading() as session:
        assert session.execute(select(SeenFolder.path, SeenFolder.content).order_by(SeenFolder.path)).all() == before
    assert not any(event.phase == "record" for event in library.events if isinstance(event, ScanProgress))


def test_of_a_root_never_scanned_only_the_folders_are_counted_before_its_process_starts(library):
    class Unasked(ScanRecords):
        def known(self, *wishes):
            raise AssertionError("the series were asked for")

    filled(library, 3)
    wish = ScanWish("x", str(library.root))
    with pytest.raises(ManyFolders):
        ScanWork(Unasked(library.database), wish, CallbackManager(), lambda: False).run(2)
    with pytest.raises(AssertionError, match="asked for"):
        ScanWork(Unasked(library.database), wish, CallbackManager(), lambda: False).run(3)
    assert library.scan().series_found == 3
    library.age()
    library.scan()
    with pytest.raises(AssertionError, match="asked for"):  # what is remembered decides how many changed
        ScanWork(Unasked(library.database), wish, CallbackManager(), lambda: False).run(2)


def test_a_root_that_is_gone_or_empty_marks_nothing(library):
    filled(library, 2)
    library.scan()
    shutil.rmtree(library.root)
    wish = ScanWish("x", str(library.root))
    for make in (lambda: None, library.root.mkdir):
        make()
        with pytest.raises(Exception, match="is its disk connected"):
            ScanProcess(library.database.engine.url, wish).run(CallbackManager(), StopWish())
    assert set(library.there("serie-0")) == {"S01E01"}


def test_cancelling_ends_its_process_at_once(library):
    filled(library)
    library.service.start()
    with locked(library):
        child = waiting_to_write(library)
        began = time.monotonic()
        library.service.cancel()
        until(lambda: not Path(f"/proc/{child}").exists(), 5, 0.01)
        assert time.monotonic() - began < 2
    assert library.service.wait(20) and library.service.status().status == "cancelled"
    assert library.there("serie-0") == {}
    assert next(event for event in library.events if isinstance(event, ScanFailed)).error_code == "cancelled"
    assert library.scan().status == "completed" and set(library.there("serie-0")) == {"S01E01"}


def test_a_process_that_is_killed_leaves_true_rows_and_says_so(library):
    filled(library)
    library.service.start()
    with locked(library):
        os.kill(waiting_to_write(library), signal.SIGKILL)
    assert library.service.wait(20)
    status = library.service.status()
    assert status.status == "failed" and "killed by the system" in status.error
    assert library.there("serie-39") == {}
    assert library.scan().episodes_found == 40


def test_it_does_not_outlive_its_server(library, tmp_path):
    filled(library)
    url = library.database.engine.url.render_as_string(hide_password=False)
    with locked(library):
        server = subprocess.Popen([sys.executable, "-c", BESIDE, url, str(library.root)], cwd=ROOT)
        (child,) = until(lambda: scanning(server.pid), 20)
        time.sleep(0.3)
        server.kill()
        server.wait(10)
        until(lambda: not Path(f"/proc/{child}").exists() or "\nState:\tZ" in status_of(child), 2, 0.02)
    assert library.there("serie-0") == {}


def status_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "\nState:\tZ"


def test_no_secret_of_the_server_is_seen_in_the_process_list(library, monkeypatch):
    monkeypatch.setenv("ANIWORLD_MASTER_PASSWORD", "kanarienvogel")
    filled(library)
    library.service.start()
    with locked(library):
        child = waiting_to_write(library)
        seen = Path(f"/proc/{child}/cmdline").read_bytes() + Path(f"/proc/{child}/environ").read_bytes()
        library.service.cancel()
    assert b"kanarienvogel" not in seen and b"aniworld.db" not in seen


def test_a_process_that_cannot_work_says_why(tmp_path):
    (tmp_path / "library").mkdir()
    nowhere = make_url(f"sqlite:///{tmp_path / 'nicht' / 'da.db'}")
    with pytest.raises(DatabaseAway, match="database file cannot be opened"):
        ScanProcess(nowhere, ScanWish("x", str(tmp_path / "library"))).run(CallbackManager(), StopWish())


def test_a_wish_to_stop_that_came_before_is_heard(library):
    filled(library, 2)
    stop = StopWish()
    stop.set()
    rung = threading.Event()
    stop.rings(rung.set)
    assert rung.is_set() and stop.wait(0)


def test_what_others_write_meanwhile_is_kept(library):
    filled(library)
    library.service.start()
    with locked(library):
        waiting_to_write(library)
    with library.database.writing() as session:
        ids = select(AnimeSeries.id).where(AnimeSeries.key == "serie-39").scalar_subquery()
        session.execute(update(Episode).where(Episode.series_id == ids, Episode.number == 2).values(file="neu.mkv"))
    library.file("Serie 39/neu.mkv")
    assert library.service.wait(20) and library.service.status().status == "completed"
    assert library.there("serie-39") == {"S01E01": "S01E01.mkv", "S01E02": "neu.mkv"}
