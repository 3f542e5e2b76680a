"""Followed series over a real server and a catalogue of its own: what comes out is queued, a worse language gives way
to a better one and never the other way, and a browser check lets the source rest where everybody can see it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.foreign_site import ForeignSite, ranged
from tests.app.test_foreign_site import all_done, clips, detail_when_read  # noqa: F401
from tests.running import Server, until

SLUG = "nebelgarten"


class Garden(ForeignSite):
    """One series; ``checks``: the catalogue asks for a browser check."""

    checks = False

    def _catalogue(self, path: str, *asked: object) -> tuple[int, dict, bytes]:
        if self.checks:
            return 403, {}, b"<html><title>Just a moment...</title><div class=cf-turnstile></div></html>"
        return super()._catalogue(path, *asked)  # type: ignore[arg-type]

    def out(self, number: int, *languages: str) -> None:
        """Episode ``number`` is out in these languages, each as a film of its own."""
        episodes = self.series[SLUG]["seasons"][1]
        while len(episodes) < number:
            episodes.append({"de": f"Teil {len(episodes) + 1}", "en": "", "copies": []})
        episodes[number - 1]["copies"] = [(code, "VOE", f"/e/{code}") for code in languages]


@pytest.fixture
def site(clips: dict[str, bytes]) -> Iterator[Garden]:  # noqa: F811
    def hoster(path: str, wanted: str) -> tuple[int, dict, bytes]:
        kind, _, name = path.strip("/").partition("/")
        if kind == "e":
            return 200, {"Content-Type": "text/html"}, f"<video src='/v/{name}.mp4'></video>".encode()
        return ranged(_film(clips["clip.mp4"], name), wanted, "video/mp4")

    with Garden({SLUG: {"title": "Nebelgarten", "seasons": {1: []}}}, hoster) as made:
        made.out(1, "ger-sub")
        yield made


def _film(clip: bytes, name: str) -> bytes:
    """The same film, told apart by a free box at its end."""
    return clip + (8 + 32).to_bytes(4) + b"free" + hashlib.sha256(name.encode()).digest()


@pytest.fixture
def owner(tmp_path: Path, library: Path, site: Garden) -> Iterator[Server]:
    server = Server(
        tmp_path / "instance",
        ANIWORLD_CATALOGUE_URL=site.url,
        ANIWORLD_PRIVATE_HOSTS=site.private_hosts,
        ANIWORLD_LIBRARY=str(library),
    )
    server.start()
    server.configure(
        catalogue={"requests_per_second": 50, "refresh_hours": 1},
        download={"min_free_space_mb": 10, "niceness": 0, "auto_start": True, "languages": ["ger-dub", "ger-sub"]},
    )
    server.post("/api/anime/add", {"link": f"{site.url}/anime/stream/{SLUG}"}, 201)
    until(lambda: detail_when_read(server, SLUG))
    yield server
    server.stop()


def look(server: Server) -> dict:
    """The series' page read again, then one look."""
    before = server.get(f"/api/anime/{SLUG}")
    server.post(f"/api/anime/{SLUG}/refresh")
    until(lambda: _reading(server) != (before["refreshed_at"], before["refresh_error"]))
    server.post("/api/tracking/look", None, 202)
    return until(lambda: (found := server.get("/api/tracking"))["completed_at"] and not found["running"] and found)


def _reading(server: Server) -> tuple[str, str | None]:
    detail = server.get(f"/api/anime/{SLUG}")
    return detail["refreshed_at"], detail["refresh_error"]


def languages(server: Server) -> dict[int, str | None]:
    return {one["episode"]: one["language"] for one in server.get(f"/api/anime/{SLUG}")["episodes"] if one["file"]}


@pytest.mark.slow
def test_what_comes_out_is_fetched_and_a_worse_language_gives_way_and_never_the_other_way(
    owner: Server, site: Garden, library: Path
) -> None:
    owner.call("PATCH", f"/api/anime/{SLUG}", {"monitored": True, "auto_download": True, "upgrade": True})
    look(owner)
    assert languages(owner) == {}, "what was out before it was wished is left alone"
    site.out(2, "ger-sub")
    assert until(lambda: look(owner)["queued"]) == 1
    until(lambda: languages(owner) == {2: "ger-sub"}, 60)
    (old,) = library.rglob("*S01E02*.mp4")
    worse = old.read_bytes()

    site.out(2, "ger-sub", "ger-dub")
    until(lambda: look(owner)["upgrades"], 30)
    while languages(owner) != {2: "ger-dub"}:  # at no moment is there no whole file
        assert [path for path in library.rglob("*S01E02*.mp4") if ".incoming" not in path.parts]
    until(lambda: all_done(owner, 2), 60)
    (new,) = (path for path in library.rglob("*S01E02*.mp4") if not {".recycle", ".incoming"} & set(path.parts))
    assert new.read_bytes() != worse
    kept = [path for path in (library / ".recycle").rglob("*") if path.is_file() and path.read_bytes() == worse]
    assert len(kept) == 1

    site.out(2, "ger-sub")
    assert (look(owner)["upgrades"], languages(owner)) == (0, {2: "ger-dub"})
    refused = owner.post("/api/queue/add", {"serie_id": SLUG, "episodes": ["S01E02"], "upgrade": True}, 201)
    assert (refused["added"], len(refused["skipped"])) == ([], 1)


@pytest.mark.slow
def test_an_upgrade_that_waited_too_long_takes_nothing_worse(owner: Server, site: Garden, library: Path) -> None:
    """Queued as ger-sub → ger-dub or eng-dub; meanwhile its owner put the ger-dub there himself."""
    wish = {"serie_id": SLUG, "episodes": ["S01E01"]}
    owner.post("/api/queue/add", wish, 201)
    until(lambda: owner.get("/api/queue/items?status=completed"), 60)
    assert languages(owner) == {1: "ger-sub"}
    owner.post("/api/queue/stop")
    owner.configure(download={"auto_start": False})
    site.out(1, "ger-sub", "eng-dub")
    look(owner)
    wanted = {"languages": ["ger-dub", "eng-dub", "ger-sub"], "upgrade": True}
    (item,) = owner.post("/api/queue/add", {**wish, **wanted}, 201)["added"]
    (old,) = library.rglob("*S01E01*.mp4")
    old.rename(old.with_name(f"{old.stem} [ger-dub].mp4"))
    owner.post("/api/anime/rescan", None, 202)
    until(lambda: languages(owner) == {1: "ger-dub"}, 30)
    before = {path: path.read_bytes() for path in library.rglob("*.mp4")}
    owner.post("/api/queue/start")
    until(lambda: item["id"] in {one["id"] for one in owner.get("/api/queue/items?status=completed")}, 30)
    assert {path: path.read_bytes() for path in library.rglob("*.mp4")} == before
    assert languages(owner) == {1: "ger-dub"}


@pytest.mark.slow
def test_a_browser_check_lets_the_source_rest_and_health_and_the_look_say_so(owner: Server, site: Garden) -> None:
    owner.call("PATCH", f"/api/anime/{SLUG}", {"monitored": True, "auto_download": True})
    site.checks = True
    first = look(owner)
    assert any("browser check" in sentence for sentence in first["warnings"])
    check = next(one for one in owner.get("/api/health")["checks"] if one["name"] == "catalogue")
    assert check["level"] == "warning" and "aniworld.to rests" in check["message"] and "browser" in check["advice"]
    asked = len(site.seen)
    owner.post("/api/tracking/look", None, 202)
    again = until(lambda: not (found := owner.get("/api/tracking"))["running"] and found)
    assert len(site.seen) == asked, "nothing is asked while it rests"
    assert (again["looked"], len(again["warnings"])) == (0, 1) and "rests for about" in again["warnings"][0]
