"""A worse language gives way to a better one over a real server: the old file is in the bin, the new one in its
place.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.demo.site import DemoSite
from tests.app.test_main_job import BAKERY, add, finished
from tests.running import Server, until


@pytest.mark.slow
def test_a_better_language_takes_the_place_of_a_worse_one_and_the_old_file_is_kept(
    server: Server, demo_site: DemoSite, library: Path
) -> None:
    detail = add(server, demo_site, BAKERY)
    episode = next(
        one for one in detail["episodes"] if one["season"] == 1 and {"ger-dub", "ger-sub"} <= set(one["languages"])
    )
    wish = {"serie_id": BAKERY, "episodes": [{"season": 1, "episode": episode["episode"]}]}
    server.post("/api/queue/add", {**wish, "languages": ["ger-sub"]}, 201)
    server.post("/api/queue/start")
    (worse,) = until(lambda: finished(server, 1), 60)["completed_downloads"]
    old = (library / worse["file"]).read_bytes()
    assert worse["language"] == "ger-sub"

    assert server.post("/api/queue/add", wish, 201)["added"] == []
    (item,) = server.post("/api/queue/add", {**wish, "upgrade": True}, 201)["added"]
    status = until(lambda: finished(server, 2), 60)
    assert status["failed_downloads"] == []
    better = next(one for one in status["completed_downloads"] if one["id"] == item["id"])
    assert better["language"] == "ger-dub"
    assert (library / better["file"]).is_file()
    kept = [path for path in (library / ".recycle").rglob("*") if path.is_file() and path.read_bytes() == old]
    assert len(kept) == 1
    videos = list((library / detail["folder"]).rglob("*.mp4"))
    assert videos == [library / better["file"]]
    assert server.post("/api/queue/add", {**wish, "upgrade": True}, 201)["added"] == []
