"""Covers and folder names from a site that means harm, against a running server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.foreign_site import ForeignSite
from tests.running import Server, until

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
HOSTILE = {
    "Content-Type": "text/html",
    "Content-Disposition": 'attachment; filename="../../evil.sh"',
    "ETag": '"../../x"',
}
COVERS = {
    "honest": (200, HOSTILE, PNG),
    "script": (200, {"Content-Type": "image/png"}, b"<svg onload='alert(1)'/>"),
    "large": (200, {"Content-Type": "image/png"}, PNG + bytes(6_000_000)),
}
RESERVED = {"CON", "PRN", "AUX", "NUL", "LPT1", "COM1"}


class HostileSite(ForeignSite):
    def _catalogue(self, path, query, form, headers):  # type: ignore[no-untyped-def]
        name = path.rsplit("/", 1)[-1].removesuffix(".jpg")
        return (
            COVERS[name] if "/img/cover/" in path and name in COVERS else super()._catalogue(path, query, form, headers)
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, HostileSite]]:
    series = {
        slug: {"title": slug.title(), "about": "", "seasons": {1: [{"de": "A", "en": "A", "copies": []}]}}
        for slug in (*COVERS, "one", "other")
    }
    place = tmp_path_factory.mktemp("hostile")
    (place / "library").mkdir()
    with HostileSite(series, lambda path, wanted: (404, {}, b"nothing")) as site:
        server = Server(
            place / "instance",
            ANIWORLD_CATALOGUE_URL=site.url,
            ANIWORLD_PRIVATE_HOSTS=site.private_hosts,
            ANIWORLD_LIBRARY=str(place / "library"),
        ).start()
        server.configure(catalogue={"requests_per_second": 50})
        yield server, site
        server.stop()


def added(house: tuple[Server, HostileSite], slug: str, **more: str) -> dict:
    server, site = house
    server.post("/api/anime/add", {"link": f"{site.url}/anime/stream/{slug}", **more})
    return until(lambda: (found := server.get(f"/api/anime/{slug}"))["episodes"] and found, 40)


def test_a12_a_cover_is_kept_under_our_name_and_served_as_what_it_is(house: tuple[Server, HostileSite]) -> None:
    server, _ = house
    added(house, "honest")
    answer = until(lambda: (got := server.call("GET", "/api/anime/honest/cover")).status_code == 200 and got, 20)
    assert (answer.headers["Content-Type"], answer.content) == ("image/png", PNG)
    assert "evil" not in str(answer.headers) and "../" not in str(answer.headers)
    kept = [path for path in server.instance.parent.rglob("*") if path.is_file() and path.read_bytes()[:8] == PNG[:8]]
    assert kept and all(path.parent.name == "covers" for path in kept)
    assert not list(server.instance.parent.parent.rglob("evil.sh"))


@pytest.mark.parametrize("slug", ["script", "large"])
def test_a12_what_is_no_picture_or_too_large_is_no_cover(house: tuple[Server, HostileSite], slug: str) -> None:
    server, _ = house
    added(house, slug)
    answer = server.call("GET", f"/api/anime/{slug}/cover")
    assert answer.status_code in (404, 503)
    assert b"svg" not in answer.content


@pytest.mark.parametrize("name", ["../../x", "..%2f..%2fx", "%2e%2e", "honest/../../../config.json", "honest%00"])
def test_a12_a_cover_is_asked_for_by_key_and_by_nothing_else(house: tuple[Server, HostileSite], name: str) -> None:
    server, _ = house
    answer = server.call("GET", f"/api/anime/{name}/cover")
    assert answer.status_code in (400, 404)
    assert (server.instance / "config.json").read_bytes() not in answer.content
    assert PNG not in answer.content


def test_a39_two_series_never_share_a_folder_by_case_or_form(house: tuple[Server, HostileSite]) -> None:
    server, _ = house
    added(house, "one", folder="Käse (2020)")
    other = added(house, "other")
    for twin in ("Käse (2020)", "KÄSE (2020)", "Ka\u0308se (2020)", "käse (2020). "):
        answer = server.call("PATCH", "/api/anime/other", {"folder": twin})
        assert answer.status_code in (409, 422), twin
    assert server.get("/api/anime/other")["folder"] == other["folder"]


@pytest.mark.parametrize(
    "title", ["CON", "aux.", "LPT1.txt", "x" * 300, "ä" * 300, "end...", "a/../../b", "\u202egpj", ".."]
)
def test_a39_no_folder_has_a_name_that_a_disk_refuses(house: tuple[Server, HostileSite], title: str) -> None:
    server, _ = house
    added(house, "one")
    answer = server.call("PATCH", "/api/anime/one", {"folder": title})
    folder = server.get("/api/anime/one")["folder"]
    assert answer.status_code in (200, 422)
    assert folder.split(".")[0].upper() not in RESERVED
    assert 0 < len(folder.encode()) <= 240
    assert folder[-1] not in ". " and not set(folder) & set("/\\\u202e")
    assert {path.name for path in Path(server.instance.parent).iterdir()} <= {"instance", "instance.log", "library"}
