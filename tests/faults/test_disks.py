"""The disk's side: full, read-only, gone. Nothing half stands under a whole file's name."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.core.errors import DiskFull, LibraryUnavailable
from aniworld.core.media import StreamKind
from aniworld.transfer.engine.part_file import Journal, PartFile, boot_id, preallocate
from tests.transfer.fixtures import Ask, Videos, serve
from tests.transfer.media_server import MediaHost


@pytest.fixture
def no_file_over_one_megabyte() -> Iterator[None]:
    """Children inherit the limit; what they write beyond it fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("no_file_over_one_megabyte")
@pytest.mark.parametrize("kind", [StreamKind.FILE, StreamKind.HLS])
def test_a_disk_that_takes_no_more_in_the_transfer(host: MediaHost, videos: Videos, ask: Ask, kind: StreamKind) -> None:
    host.files["/v.mp4"] = videos.mp4
    serve(host, "hls", videos.hls)
    asked = ask("/v.mp4" if kind is StreamKind.FILE else "/hls/list.m3u8", kind)
    with pytest.raises(DiskFull):
        asked.run()
    assert not any(name.startswith("media") for name in asked.left)


def test_a_disk_that_takes_no_more_in_the_merge(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    serve(host, "hls", videos.hls)
    small = tmp_path / "ffmpeg-on-a-full-disk"
    small.write_text('#!/bin/sh\nulimit -f 500\nexec ffmpeg "$@"\n')
    small.chmod(0o755)
    asked = ask("/hls/list.m3u8", StreamKind.HLS, ffmpeg=str(small))
    with pytest.raises(DiskFull):
        asked.run()
    assert not any(name.startswith("media") for name in asked.left)
    fetched = host.count["/hls/list1.ts"]
    assert ask("/hls/list.m3u8", StreamKind.HLS).run().path.is_file()
    assert host.count["/hls/list1.ts"] == fetched


def test_a_library_whose_folder_is_a_file_is_unavailable(host: MediaHost, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryUnavailable):
        ask("/v.mp4", folder=tmp_path / "file" / "item").run()


def test_a_read_only_folder_is_unavailable(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    """Root may write anywhere, so the folder's lock is what cannot be made: it stands there as a folder."""
    host.files["/v.mp4"] = videos.mp4
    folder = tmp_path / "library" / "locked"
    (folder / ".lock").mkdir(parents=True)
    if os.geteuid():
        (folder / ".lock").rmdir()
        folder.chmod(0o555)
    with pytest.raises(LibraryUnavailable):
        ask("/v.mp4", folder=folder).run()


def test_a_library_that_vanishes_in_the_middle_is_unavailable(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    asked = ask("/v.mp4")

    def vanish(_: int) -> None:
        (asked.job.folder / ".lock").unlink()
        asked.job.folder.rmdir()

    asked.transfer._on_size = vanish
    with pytest.raises(LibraryUnavailable):
        asked.run()


def test_a_journal_of_another_boot_counts_only_what_was_synced(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "v.part", final=True)
    part.open("subject", [], 1000)
    part.put(memoryview(b"a" * 100), 0, "0 100")
    part.journal.sync(part._descriptor)
    part.put(memoryview(b"b" * 100), 100, "100 200")
    part.close()
    assert Journal(part.journal.path).load() == ("subject", ["0 100", "100 200"])
    text = part.journal.path.read_text()
    part.journal.path.write_text(text.replace(boot_id(), "another-boot-of-the-same-length-here"[: len(boot_id())]))
    assert Journal(part.journal.path).load() == ("subject", ["0 100"])


@pytest.mark.parametrize("damage", [b"", b"x", b"subject\n", b"\xff\xfe\n\n\n", b"subject\nboot\n10 2", b"\0" * 4096])
def test_a_damaged_journal_is_no_journal(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "v.journal"
    path.write_bytes(damage)
    assert Journal(path).load()[1] == []


def test_room_is_reserved_before_the_bytes_come(tmp_path: Path) -> None:
    with (tmp_path / "v").open("wb") as file:
        preallocate(file.fileno(), 5_000_000)
    assert (tmp_path / "v").stat().st_size == 5_000_000


def test_the_child_refuses_nonsense_on_its_input() -> None:
    code = "from aniworld.transfer.child import run; run()"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], input=b"nonsense\n", cwd=root, capture_output=True, timeout=20)
    assert done.returncode == 1
    assert done.stdout == b""
