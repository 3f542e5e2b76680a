"""A finished file takes its place, and what was there before is never lost on the way."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from aniworld.core.errors import DiskFull, InvalidInput, LibraryUnavailable, NotFound, UnsafePath
from aniworld.library.files import place as place_module
from aniworld.library.files import safe_io as disk
from aniworld.library.files.place import place
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.library.files.space_reservation import Room

EPISODE = PurePosixPath("Naruto/Season 01/Naruto - S01E01.mkv")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "library/.incoming/item").mkdir(parents=True)
    return tmp_path / "library"


def finished(root: Path, content: bytes = b"new") -> Path:
    file = root / ".incoming/item/media.mkv"
    file.write_bytes(content)
    return file


def test_a_file_takes_its_place(root):
    source = finished(root)
    path = place(source, root, EPISODE)
    assert path == root / EPISODE and path.read_bytes() == b"new" and not source.exists()
    assert sorted(one.name for one in path.parent.iterdir()) == ["Naruto - S01E01.mkv"]


def test_the_old_file_of_the_same_name_goes_to_the_bin(root):
    old = place(finished(root, b"old"), root, EPISODE)
    bin_ = RecycleBin(root, 14)
    assert place(finished(root), root, EPISODE, replace=old, recycle=bin_).read_bytes() == b"new"
    (entry,) = bin_.list()
    assert (entry.original, entry.size_bytes, entry.reason) == (str(EPISODE), 3, "replaced")
    back = bin_.restore(entry.id)
    assert back.name == "Naruto - S01E01 (restored).mkv" and back.read_bytes() == b"old"


def test_the_old_file_of_another_name_goes_to_the_bin_afterwards(root):
    old = root / "Naruto/Folge 1.avi"
    old.parent.mkdir()
    old.write_bytes(b"old")
    bin_ = RecycleBin(root, 14)
    path = place(finished(root), root, EPISODE, replace=old, recycle=bin_)
    assert path.read_bytes() == b"new" and not old.exists() and bin_.list()[0].original == "Naruto/Folge 1.avi"


def test_without_a_bin_nothing_of_the_old_is_touched(root):
    old = place(finished(root, b"old"), root, EPISODE)
    first = place(finished(root), root, EPISODE, replace=old)
    second = place(finished(root), root, EPISODE)
    assert old.read_bytes() == b"old" and [first.name, second.name] == [
        "Naruto - S01E01 (2).mkv",
        "Naruto - S01E01 (3).mkv",
    ]


def test_at_no_instant_is_the_episode_gone(root, monkeypatch):
    """After every single step of the disk, the old or the new content stands under the episode's name."""
    old = place(finished(root, b"old"), root, EPISODE)
    seen = []
    for name in ("rename", "replace", "link", "unlink"):
        true = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, _true=true, **more: (_true(*args, **more), seen.append(old.read_bytes()))[0]
        )
    place(finished(root), root, EPISODE, replace=old, recycle=RecycleBin(root, 14))
    assert set(seen) == {b"old", b"new"} and seen == sorted(seen, reverse=True)


def test_a_disk_without_links_is_served_too(root, monkeypatch):
    def no_links(*args, **more):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    bin_ = RecycleBin(root, 14)
    old = place(finished(root, b"old"), root, EPISODE, recycle=bin_)
    assert place(finished(root), root, EPISODE, replace=old, recycle=bin_).read_bytes() == b"new"
    (entry,) = bin_.list()
    assert bin_.restore(entry.id).read_bytes() == b"old"
    assert sorted(one.name for one in (root / EPISODE).parent.iterdir()) == [
        "Naruto - S01E01 (restored).mkv",
        "Naruto - S01E01.mkv",
    ]


def test_a_file_from_another_file_system_is_copied_whole(root):
    shared = Path("/dev/shm") if Path("/dev/shm").is_dir() else root
    source = shared / f"aniworld-{os.getpid()}.mkv"
    source.write_bytes(b"x" * 3_000_000)
    try:
        path = place(source, root, EPISODE)
    finally:
        source.unlink(missing_ok=True)
    assert path.stat().st_size == 3_000_000 and [one.name for one in path.parent.iterdir()] == [path.name]


def test_folders_that_differ_in_case_or_form_only_are_the_same(root):
    (root / "NARUTO/season 01").mkdir(parents=True)
    assert place(finished(root), root, EPISODE) == root / "NARUTO/season 01/Naruto - S01E01.mkv"
    (root / "Ma\u0308rchen").mkdir()
    assert place(finished(root), root, PurePosixPath("Märchen/S01E01.mkv")).parent.name == "Ma\u0308rchen"


@pytest.mark.parametrize(
    "relative",
    [
        "../x.mkv",
        "Naruto/../../x.mkv",
        "/etc/x.mkv",
        "x.mkv",
        "Naruto/a\x00.mkv",
        "Naruto/..",
        ".incoming/x.mkv",
        "Naruto/con.mkv",
        "a/b\n.mkv",
    ],
)
def test_no_path_leads_out_of_the_library(root, relative):
    source = finished(root)
    with pytest.raises(UnsafePath):
        place(source, root, PurePosixPath(relative))
    assert source.read_bytes() == b"new"


def test_a_series_folder_that_leads_out_is_refused(root, tmp_path):
    (tmp_path / "outside").mkdir()
    (root / "Naruto").symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePath):
        place(finished(root), root, EPISODE)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_missing_root_is_no_library(root, tmp_path):
    source = tmp_path / "media.mkv"
    source.write_bytes(b"x")
    shutil.rmtree(root)
    with pytest.raises(LibraryUnavailable):
        place(source, root, EPISODE)
    assert source.exists() and not root.exists()


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, LibraryUnavailable),
        (errno.EIO, LibraryUnavailable),
    ],
)
def test_a_disk_that_refuses_leaves_everything_as_it_was(root, tmp_path, monkeypatch, number, error):
    old = place(finished(root, b"old"), root, EPISODE)
    source = finished(root)

    def refuse(*args, **more):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(place_module, "move_new", refuse)
    with pytest.raises(error) as told:
        place(source, root, EPISODE, replace=old, recycle=RecycleBin(root, 14))
    assert source.read_bytes() == b"new" and old.read_bytes() == b"old" and str(root) in str(told.value)


def test_a_file_where_a_folder_is_needed_is_named(root):
    source = finished(root)
    (root / EPISODE).parent.parent.mkdir(parents=True)
    (root / EPISODE).parent.write_bytes(b"no folder")
    with pytest.raises(UnsafePath, match=f"where the folder '{EPISODE.parent.name}' is needed"):
        place(source, root, EPISODE)
    assert source.exists() and (root / EPISODE).parent.read_bytes() == b"no folder"


def test_a_disk_that_is_truly_full_is_told_so(root, tmp_path):
    """A file system of 1 MB, where this machine lets us make one."""
    small = tmp_path / "small"
    small.mkdir()
    made = (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], capture_output=True).returncode == 0
    )
    if not made:
        small = Path("/dev/full")
        with pytest.raises(DiskFull), disk.storage_errors(root), open(small, "wb", buffering=0) as file:
            file.write(b"x")
        return
    try:
        with pytest.raises(DiskFull):
            place(finished(root, b"x" * 2_000_000), small, EPISODE)
        assert not [one for one in small.rglob("*") if one.is_file()]
    finally:
        subprocess.run(["umount", small], check=True)


def test_the_bin_keeps_for_some_days_and_then_forgets(root):
    now = [1_800_000_000.0]
    bin_ = RecycleBin(root, 14, clock=lambda: now[0])
    for number in (1, 2):
        bin_.put(place(finished(root), root, PurePosixPath(f"Naruto/S01E0{number}.mkv")))
        now[0] += 10 * 86_400
    assert bin_.purge() == 1
    assert [one.original for one in bin_.list()] == ["Naruto/S01E02.mkv"]
    assert RecycleBin(root, 0, clock=lambda: now[0] * 2).purge() == 0


def test_a_whole_series_folder_comes_back(root):
    place(finished(root), root, EPISODE)
    bin_ = RecycleBin(root, 14)
    entry = bin_.put(root / "Naruto", reason="removed")
    assert not (root / "Naruto").exists() and entry.is_folder and entry.size_bytes == 3
    assert bin_.restore(entry.id) == root / "Naruto" and (root / EPISODE).read_bytes() == b"new" and bin_.list() == []
    with pytest.raises(NotFound):
        bin_.restore(entry.id)


def test_a_folder_with_a_dot_in_its_name_is_restored_beside_as_a_whole_name(root):
    bin_ = RecycleBin(root, 14)
    for name in ("Dr. Stone", "Kaiju No. 8"):
        (root / name).mkdir()
        entry = bin_.put(root / name)
        (root / name).mkdir()
        assert bin_.restore(entry.id) == root / f"{name} (restored)"


def test_restoring_never_overwrites(root):
    path = place(finished(root, b"old"), root, EPISODE)
    bin_ = RecycleBin(root, 14)
    one, other = bin_.put(path), None
    place(finished(root, b"mid"), root, EPISODE)
    other = bin_.put(root / EPISODE)
    place(finished(root, b"new"), root, EPISODE)
    names = {bin_.restore(entry.id).name for entry in (one, other)}
    assert (
        names == {"Naruto - S01E01 (restored).mkv", "Naruto - S01E01 (restored 2).mkv"}
        and (root / EPISODE).read_bytes() == b"new"
    )


def test_the_bin_takes_and_gives_nothing_from_outside(root, tmp_path):
    bin_ = RecycleBin(root, 14)
    (tmp_path / "x").write_bytes(b"x")
    for path in (tmp_path / "x", root / "../x", root, root / ".incoming"):
        with pytest.raises((UnsafePath, NotFound)):
            bin_.put(path)
    for entry_id in ("..", "../../x", "", "20260101T000000-0000000000000000", "x" * 5000):
        with pytest.raises(NotFound):
            bin_.restore(entry_id)
        with pytest.raises(NotFound):
            bin_.remove(entry_id)
    entry = bin_.put(place(finished(root), root, EPISODE))
    manifest = root / ".recycle" / entry.id / "manifest.json"
    manifest.write_text(manifest.read_text().replace("Naruto/Season 01", "../.."))
    with pytest.raises(InvalidInput):
        bin_.restore(entry.id)
    manifest.write_text("[" * 100_000)
    assert [one.damaged for one in bin_.list()] == [True]


def test_a_bin_that_is_a_link_is_refused(root, tmp_path):
    (tmp_path / "outside").mkdir()
    (root / ".recycle").symlink_to(tmp_path / "outside")
    path = place(finished(root), root, EPISODE)
    with pytest.raises(UnsafePath):
        RecycleBin(root, 14).put(path)
    assert path.exists()


def test_a_link_in_the_library_is_recycled_itself_not_what_it_leads_to(root, tmp_path):
    target = tmp_path / "precious.mkv"
    target.write_bytes(b"precious")
    (root / "Naruto").mkdir()
    (root / "Naruto/S01E01.mkv").symlink_to(target)
    bin_ = RecycleBin(root, 14)
    entry = bin_.put(root / "Naruto/S01E01.mkv")
    bin_.remove(entry.id)
    assert target.read_bytes() == b"precious"


def test_room_is_promised_once(tmp_path):
    room = Room(free=lambda path: 1000)
    room.reserve(tmp_path, "a", 600, 100)
    with pytest.raises(DiskFull) as full:
        room.reserve(tmp_path / "not/there/yet", "b", 400, 100)
    assert "promised to other downloads" in str(full.value)
    room.reserve(tmp_path, "a", 100, 100)  # most of it has arrived
    room.reserve(tmp_path, "b", 400, 100)
    assert room.reserved(tmp_path) == 500
    room.release("a")
    room.release("a")
    assert room.reserved(tmp_path) == 400
    assert Room().reserved(tmp_path) == 0


def test_what_other_processes_still_need_is_not_given_away(tmp_path):
    room = Room(free=lambda path: 1000, elsewhere=lambda: 700)
    room.reserve(tmp_path, "a", 200, 100)
    with pytest.raises(DiskFull):
        room.reserve(tmp_path, "b", 100, 100)
