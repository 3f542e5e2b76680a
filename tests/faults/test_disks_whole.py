"""The disk's side of a whole program: full, read-only, vanished, a name that is taken. Everything waits, nothing is
lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import FOLDER, House, SmallDisk
from tests.running import until
from tests.transfer.fixtures import Videos, serve
from tests.transfer.media_server import MediaHost

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

BY_ITSELF_S = 100.0  # an item that waits for the disk is looked at again every minute


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path / "library", 60)
    yield made
    made.take_off()


@pytest.fixture
def house(tmp_path: Path, host: MediaHost, videos: Videos, disk: SmallDisk) -> Iterator[House]:
    serve(host, "hls", videos.hls)
    serve(host, "aes", videos.aes)
    host.files["/v.mp4"] = videos.mp4
    made = House(tmp_path, host, 4, disk.place)
    for number, path in enumerate(("/v.mp4", "/hls/list.m3u8", "/aes/list.m3u8"), 1):
        made.offer(number, path)
    yield made
    made.close()


def _moves(house: House, *numbers: int) -> bool:
    items = house.items()
    return all(items[number]["downloaded_bytes"] > 200_000 for number in numbers)


def _waits(house: House, number: int, *codes: str) -> bool:
    item = house.item(number)
    return item["status"] == "pending" and item["error_code"] in codes


def _all_completed(house: House) -> bool:
    return all(item["status"] == "completed" for item in house.items().values())


def _videos(house: House) -> list[Path]:
    return [path for path in house.in_library() if path.suffix == ".mp4"]


def test_a_disk_that_fills_up_in_transfer_and_merge_makes_the_items_wait_until_there_is_room(
    house: House, disk: SmallDisk
) -> None:
    house.media.rate = 100_000
    house.start(concurrency=3, connections=2)
    house.queue(2, 3)
    until(lambda: _moves(house, 2, 3), 30)
    disk.fill(house)
    until(lambda: _waits(house, 2, "disk_full") and _waits(house, 3, "disk_full"), 40)
    assert _videos(house) == []
    assert all(item["retry_count"] == 0 for item in house.items().values())
    house.media.rate = 0
    disk.make_room()
    until(lambda: _all_completed(house), BY_ITSELF_S, 0.5)
    assert len(_videos(house)) == 2
    house.check_rest()


def test_a_disk_that_has_no_room_when_the_episode_is_placed(house: House) -> None:
    """The series' folder is a disk of its own, so that placing is a copy."""
    small = SmallDisk(house.library / FOLDER, 40)
    house.media.rate = 300_000
    try:
        house.start()
        house.queue(1)
        until(lambda: _moves(house, 1), 30)
        if small.mounted:  # there was room when the transfer began, else nothing would be fetched
            small.fill(house)
        else:
            small.read_only(True)
        house.media.rate = 0
        until(lambda: _waits(house, 1, "disk_full", "library_unavailable"), 40)
        assert _videos(house) == []
        assert list((house.library / ".incoming").glob("*/*/media.mp4")), "what was fetched is kept"
        fetched = house.media.count["/v.mp4"]
    finally:
        if not small.mounted:
            small.read_only(False)
        small.take_off()
    until(lambda: _all_completed(house), BY_ITSELF_S, 0.5)
    assert house.media.count["/v.mp4"] == fetched, "nothing is fetched twice"
    house.check_rest()


def test_a_read_only_library_makes_the_queue_wait_with_a_reason_and_go_on_by_itself(
    house: House, disk: SmallDisk
) -> None:
    house.start()
    disk.read_only(True)
    house.queue(1)
    reason = until(lambda: house.server.get("/api/queue/status")["message"], 20)
    assert "cannot be written" in reason
    assert house.item(1)["status"] == "pending"
    disk.read_only(False)
    until(lambda: _all_completed(house), 30)
    house.check_rest()


def test_a_library_that_vanishes_in_the_middle_comes_back_and_nothing_was_lost(tmp_path: Path, house: House) -> None:
    """The disk is taken off below the mount point: the folder is there, and empty, and must not be filled beneath."""
    house.media.rate = 150_000
    house.start(concurrency=3, connections=2)
    house.queue(1, 2)
    until(lambda: _moves(house, 1, 2), 30)
    beside = tmp_path / "beside"
    beside.mkdir()
    moved = _swap(house.library, beside)
    until(lambda: not house.server.get("/api/queue/status")["active_downloads"], 40)
    assert {item["status"] for item in house.items().values()} == {"pending"}
    moved()
    house.media.rate = 0
    until(lambda: _all_completed(house), BY_ITSELF_S, 0.5)
    assert len(_videos(house)) == 2
    house.check_rest()


def _swap(library: Path, beside: Path):
    """Takes the library's mount away to ``beside``; what you get brings it back."""
    import subprocess

    def move(source: Path, target: Path) -> None:
        if source.is_mount():
            subprocess.run(["mount", "--move", str(source), str(target)], check=True)
        else:
            target.rmdir() if target.is_dir() else None
            source.rename(target)

    move(library, beside)
    return lambda: move(beside, library)


def test_a_name_that_somebody_took_meanwhile_costs_nobody_his_file(house: House) -> None:
    house.media.rate = 400_000
    house.start()
    house.queue(1)
    until(lambda: _moves(house, 1), 30)
    taken = house.library / FOLDER / "Season 01" / "Prüfstand - S01E01 - Akt 1.mp4"
    taken.parent.mkdir(parents=True, exist_ok=True)
    taken.write_bytes(b"a holiday film")
    house.media.rate = 0
    until(lambda: _all_completed(house), 40)
    kept = [path for path in house.library.rglob("*.mp4") if path.read_bytes() == b"a holiday film"]
    assert len(kept) == 1
    ours = house.library / house.item(1)["file"]
    assert ours.read_bytes() == house.media.files["/v.mp4"]
    assert kept[0] != ours
