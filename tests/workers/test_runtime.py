"""Roles and their locks, and which working folders are cleaned away."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from aniworld.config.instance import make_instance
from aniworld.core.errors import (
    AlreadyRunning,
    DatabaseDamaged,
    DatabaseReadOnly,
    DiskFull,
    InvalidInput,
    StorageError,
)
from aniworld.workers.instance_lock import InstanceLock
from aniworld.workers.runtime import _guarded, sweep_incoming, worker_role

ROOT = Path(__file__).resolve().parents[2]


def test_a_server_and_workers_share_a_folder_but_not_a_role(tmp_path: Path) -> None:
    roles = ["server", worker_role("a").lock, worker_role("b").lock]
    locks = [InstanceLock(tmp_path, role) for role in roles]
    for lock in locks:
        lock.take()
    with pytest.raises(AlreadyRunning, match=r"The worker a \(process \d+\) already runs .* another name \(--name\)"):
        InstanceLock(tmp_path, worker_role("a").lock).take()
    with pytest.raises(AlreadyRunning, match="Another Aniworld server"):
        InstanceLock(tmp_path).take()
    locks[1].release()
    InstanceLock(tmp_path, worker_role("a").lock).take()


def test_a_folder_that_takes_no_lock_is_told_as_what_it_is_and_not_as_another_server(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for folder, told in (
        (tmp_path / "file", "is no folder"),
        (Path("/sys"), "cannot be written"),  # the kernel's: not even root makes files there
        (tmp_path / "nowhere", "No such file"),
    ):
        with pytest.raises(StorageError, match=told) as refused:
            InstanceLock(folder).take()
        assert str(folder) in str(refused.value) and "ANIWORLD_INSTANCE" in str(refused.value)
    with pytest.raises(StorageError, match="is no folder"):
        make_instance(tmp_path / "file" / "instance")


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a small disk")
    try:
        (tmp_path / "server.lock").touch()
        with suppress(OSError), open(tmp_path / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        with pytest.raises(DiskFull, match="is full; make room"):
            InstanceLock(tmp_path).take()
        (tmp_path / "filler").unlink()
        lock = InstanceLock(tmp_path)
        lock.take()
        lock.release()
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.mark.parametrize("name", ["../a", "", "a/b", "a b"])
def test_a_workers_name_is_no_path(name: str) -> None:
    with pytest.raises(InvalidInput):
        worker_role(name)


def test_what_a_start_has_loaded_is_left_out_of_later_collections(tmp_path: Path) -> None:
    code = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import gc\n"
        "from aniworld.app import create_app, start_workers\n"
        f"runtime = start_workers(create_app({{'ANIWORLD_INSTANCE': {str(tmp_path)!r}}}))\n"
        "print(gc.get_freeze_count(), gc.get_count()[0] + len(gc.get_objects()))\n"
        "runtime.stop()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    frozen, walked = map(int, done.stdout.split())
    assert frozen > 50_000 > 20 * walked


def test_folders_of_items_that_are_gone_go_and_a_new_items_folder_stays(tmp_path: Path) -> None:
    incoming = tmp_path / ".incoming"
    for name in ("old", "running"):
        (incoming / name).mkdir(parents=True)
        (incoming / name / "part").write_bytes(b"x")

    def kept() -> set[str]:
        (incoming / "just begun").mkdir()  # between the look into the folder and the question
        return {"running"}

    assert sweep_incoming(tmp_path, kept) == 1
    assert sorted(folder.name for folder in incoming.iterdir()) == ["just begun", "running"]


def test_a_library_without_working_folders_is_left_alone(tmp_path: Path) -> None:
    assert sweep_incoming(tmp_path, set) == 0
    (tmp_path / "elsewhere" / "kept").mkdir(parents=True)
    (tmp_path / ".incoming").symlink_to(tmp_path / "elsewhere")
    assert sweep_incoming(tmp_path, set) == 0
    assert (tmp_path / "elsewhere" / "kept").is_dir()


def test_an_outage_in_housekeeping_is_one_warning_line_and_a_fault_has_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def damaged() -> None:
        raise DatabaseDamaged("The database is damaged;\nrestore a backup.")

    def standby() -> None:
        raise DatabaseReadOnly("The database is read-only.")

    for chore in (damaged, standby, lambda: [][0]):
        _guarded(chore)
    outages, fault = caplog.records[:2], caplog.records[2]
    assert [(one.levelname, one.exc_info) for one in outages] == [("WARNING", None)] * 2
    assert "damaged; restore a backup." in outages[0].getMessage()
    assert (fault.levelname, fault.getMessage()) == ("ERROR", "Housekeeping stumbled")
    assert fault.exc_info is not None
