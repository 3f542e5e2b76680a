"""Covers of a search's hits: fetched by the server, by key, and forgotten with the hit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.core.media import SeriesHit
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from aniworld.providers.registry import Registry
from aniworld.services.series.search_covers import HitCovers

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    pages = {f"/cover/{n}.png": Answer(PNG + bytes([n]) * 64, headers={"Content-Type": "image/png"}) for n in range(9)}
    with LoopbackSite(pages) as site:
        site.pages["/cover/evil.png"] = Answer(b"<svg onload=alert(1)>", headers={"Content-Type": "image/png"})
        yield site


@pytest.fixture
def covers(site: LoopbackSite, tmp_path: Path) -> HitCovers:
    registry = Registry(open_gate(), settings={"aniworld.to": CatalogueSettings(site.url)}, plugins=lambda group: [])
    return HitCovers(registry, tmp_path / "hits", limit=3)


def hit(site: LoopbackSite, name: str | int, where: str = "aniworld.to") -> SeriesHit:
    return SeriesHit(
        site=where, key=f"hit-{name}", name=f"Hit {name}", link="x", cover_url=f"{site.url}/cover/{name}.png"
    )


def test_a_cover_is_fetched_when_it_is_asked_for_and_once(covers: HitCovers, site: LoopbackSite) -> None:
    covers.remember([hit(site, 1)])
    assert site.asked == []
    path, kind = covers.find("hit-1")
    assert (kind, path.read_bytes()) == ("image/png", PNG + b"\x01" * 64)
    assert covers.find("hit-1") == (path, kind)
    assert len(site.asked) == 1


def test_the_same_hit_in_the_next_search_keeps_its_file(covers: HitCovers, site: LoopbackSite) -> None:
    covers.remember([hit(site, 1)])
    found = covers.find("hit-1")
    covers.remember([hit(site, 1), hit(site, 2)])
    assert covers.find("hit-1") == found
    assert len(site.asked) == 1


def test_old_hits_are_forgotten_with_their_files(covers: HitCovers, site: LoopbackSite) -> None:
    for number in range(6):
        covers.remember([hit(site, number)])
        assert covers.find(f"hit-{number}")
    assert covers.find("hit-0") is None
    assert len(list(covers.find("hit-5")[0].parent.iterdir())) == 3


def test_what_a_former_run_left_is_cleared(covers: HitCovers, site: LoopbackSite, tmp_path: Path) -> None:
    (tmp_path / "hits").mkdir()
    (tmp_path / "hits" / f"{'a' * 64}.png").write_bytes(PNG)
    covers.remember([hit(site, 1)])
    assert list((tmp_path / "hits").iterdir()) == []


@pytest.mark.parametrize("name", ["evil", "nowhere"])
def test_what_is_no_image_is_asked_for_once(covers: HitCovers, site: LoopbackSite, name: str) -> None:
    covers.remember([hit(site, name)])
    assert covers.find(f"hit-{name}") is None
    assert covers.find(f"hit-{name}") is None
    assert len(site.asked) == 1


def test_a_key_that_no_search_found_and_a_site_that_is_not_there_have_no_cover(
    covers: HitCovers, site: LoopbackSite
) -> None:
    covers.remember([hit(site, 1, "nirgends.example")])
    assert covers.find("hit-1") is None
    assert covers.find("made-up") is None
    assert site.asked == []
