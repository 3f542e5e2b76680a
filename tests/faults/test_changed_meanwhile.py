"""What is changed while a download runs: the file goes where it belongs by then, and the rows say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.core.media import EpisodeNumber, HosterLink
from aniworld.services.queue.link_resolver import Target
from aniworld.workers.attempt import WishChanged, _may_be_placed
from tests.faults.house import FOLDER, KEY, House
from tests.running import until
from tests.transfer.fixtures import Videos
from tests.transfer.media_server import MediaHost


def target(*languages: str, file: str | None = None, have: str | None = None) -> Target:
    return Target(EpisodeNumber(1, 1), "A", "A", None, "", "", languages, file=file, have=have)


def link(language: str) -> HosterLink:
    return HosterLink("VOE", language, "http://h.example/1", "")


def test_what_is_not_wanted_any_more_is_resolved_again() -> None:
    assert _may_be_placed(link("ger-sub"), target("ger-dub", "ger-sub"), target("ger-sub"))
    assert _may_be_placed(link(""), target("ger-dub"), target("eng-sub")), "a link that states nothing fits every wish"
    with pytest.raises(WishChanged):
        _may_be_placed(link("ger-sub"), target("ger-dub", "ger-sub"), target("ger-dub"))


def test_a_file_that_came_meanwhile_and_is_as_good_stays() -> None:
    before = target("ger-dub", "ger-sub")
    assert not _may_be_placed(link("ger-sub"), before, target(file="a.mkv", have="ger-dub"))
    assert _may_be_placed(link("ger-dub"), before, target("ger-dub", file="a.mkv", have="ger-sub"))


@pytest.fixture
def house(tmp_path: Path, host: MediaHost, videos: Videos):  # type: ignore[no-untyped-def]
    made = House(tmp_path, host, 1).start()
    host.files["/1.mp4"] = videos.mp4
    made.offer(1, host.url("/1.mp4"))
    yield made
    made.close()


def slowly(house: House) -> None:
    """The download runs, and is not ready for some seconds."""
    house.server.configure(download={"speed_limit_mbps": 0.4})
    house.queue(1)
    until(lambda: house.children() and house.working_folders())


def let_go(house: House) -> dict:
    house.server.configure(download={"speed_limit_mbps": 0})
    (item,) = until(lambda: house.ended(1), 60).values()
    assert item["status"] == "completed", item
    return item


def test_another_library(house: House, tmp_path: Path) -> None:
    slowly(house)
    other = tmp_path / "other"
    other.mkdir()
    house.server.configure(library={"root": str(other)})
    item = let_go(house)
    assert (other / item["file"]).is_file()
    assert house.in_library() == []
    until(lambda: not house.working_folders(), 10)
    until(lambda: house.server.get("/api/anime/scan")["status"] == "completed", 20)
    (episode,) = house.server.get(f"/api/anime/{KEY}")["episodes"]
    assert episode["state"] == "present"


def test_another_folder_and_name_of_the_series(house: House) -> None:
    slowly(house)
    changed = house.server.call("PATCH", f"/api/anime/{KEY}", {"name": "Neu", "folder": "Neu (2026)"})
    assert changed.status_code == 200, changed.text
    item = let_go(house)
    assert item["file"].startswith("Neu (2026)/")
    assert Path(item["file"]).name.startswith("Neu - ")
    assert (house.library / item["file"]).is_file()
    assert not (house.library / FOLDER).exists()


def test_another_template(house: House) -> None:
    slowly(house)
    house.server.configure(library={"season_folders": False})
    assert let_go(house)["file"].count("/") == 1


def test_a_removed_series_leaves_no_file(house: House) -> None:
    slowly(house)
    assert house.server.call("DELETE", f"/api/anime/{KEY}").status_code == 204
    house.server.configure(download={"speed_limit_mbps": 0})
    until(lambda: not house.children(), 10)
    assert house.in_library() == []


def test_a_folder_that_became_a_link_out_of_the_library(house: House, tmp_path: Path) -> None:
    slowly(house)
    outside = tmp_path / "outside"
    outside.mkdir()
    (house.library / FOLDER).symlink_to(outside)
    house.server.configure(download={"speed_limit_mbps": 0})
    (item,) = until(lambda: house.ended(1), 60).values()
    assert (item["status"], item["error_code"]) == ("failed", "unsafe_path"), item
    assert item["error"].startswith(f"The folder {FOLDER} is a link to ") and "then retry" in item["error"]
    assert not list(outside.iterdir())
