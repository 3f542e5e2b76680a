"""A worker with an instance of its own has no covers: it fetches what a poster needs, once, and no download hangs on
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aniworld.config.settings import LibrarySettings, Settings
from aniworld.core.errors import CatalogueBlocked
from aniworld.models import AnimeSeries, Database
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from aniworld.providers.registry import Registry
from aniworld.services.file_management.sidecars import BesideService
from aniworld.services.series.cover_fetch import AGAIN_AFTER_S, FetchedCovers
from tests.running import free_port

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
PATH = "/cover/nebel.png"


class Worker:
    """``covers`` and ``beside`` of a worker that shares database and library with others; ``later`` is what it put
    off.
    """

    def __init__(self, database: Database, site: LoopbackSite, library: Path, instance: Path) -> None:
        self.database, self.library, self.now = database, library, 0.0
        self.later: list[Callable[[], None]] = []
        self.registry = Registry(
            open_gate(), settings={"aniworld.to": CatalogueSettings(site.url)}, plugins=lambda group: []
        )
        self.covers = FetchedCovers(database, self.registry, instance / "covers", self.later.append, lambda: self.now)
        settings = replace(Settings(), library=replace(LibrarySettings(), root=str(library)))
        self.beside = BesideService(database, lambda: settings, lambda key: None, self.covers.fetch, self.later.append)

    def place(self, season: int) -> list[Path]:
        return self.beside.after_placing("nebel", season, 1, self.library / f"Nebel/Season {season:02d}/x.mkv")

    def settle(self) -> list[str]:
        """The pictures of the series once everything that was put off is done."""
        while self.later:
            self.later.pop(0)()
        return sorted(path.name for path in (self.library / "Nebel").glob("*.*"))


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite({PATH: Answer(PNG, headers={"Content-Type": "text/html"})}) as site:
        yield site


@pytest.fixture
def worker(database: Database, site: LoopbackSite, library: Path, tmp_path: Path) -> Worker:
    (library / "Nebel/Season 01").mkdir(parents=True)
    with database.writing() as session:
        session.add(
            AnimeSeries(
                key="nebel",
                name="Nebel",
                folder="Nebel",
                site="aniworld.to",
                cover_url=site.url + PATH,
                link=f"{site.url}/anime/stream/nebel",
                cover_file="0" * 64 + ".png",
            )
        )
    return Worker(database, site, library, tmp_path / "worker")


def change(database: Database, **facts: str | None) -> None:
    with database.writing() as session:
        for name, value in facts.items():
            setattr(session.query(AnimeSeries).one(), name, value)


def test_a_placed_episode_gets_its_posters_though_the_cover_lies_elsewhere(worker: Worker, site: LoopbackSite) -> None:
    assert worker.place(1) == []
    assert site.asked == [], "the download does not wait for it"
    assert worker.settle() == ["poster.png", "season01-poster.png"]
    worker.place(1)
    worker.place(2)
    assert worker.settle() == ["poster.png", "season01-poster.png", "season02-poster.png"]
    assert len(site.asked) == 1


def test_nobody_is_asked_where_the_pictures_are_there(worker: Worker, site: LoopbackSite) -> None:
    (worker.library / "Nebel/folder.jpg").write_bytes(b"mine")
    (worker.library / "Nebel/Season 01/cover.jpg").write_bytes(b"mine")
    worker.place(1)
    assert worker.settle() == ["folder.jpg"]
    assert site.asked == []


@pytest.mark.parametrize("body", [b"<svg onload=alert(1)>", b"", PNG + b"0" * 6_000_000])
def test_what_is_no_image_is_no_poster_and_is_not_asked_for_again_for_an_hour(
    worker: Worker, site: LoopbackSite, body: bytes
) -> None:
    site.pages[PATH] = Answer(body, headers={"Content-Type": "image/png"})
    for _ in range(3):
        worker.place(1)
        assert worker.settle() == []
    assert len(site.asked) == 1
    site.pages[PATH] = Answer(PNG)
    worker.now = AGAIN_AFTER_S
    worker.place(1)
    assert worker.settle() == ["poster.png", "season01-poster.png"]


def test_a_source_at_rest_is_left_alone_and_asked_afterwards(worker: Worker, site: LoopbackSite) -> None:
    worker.registry.rest.block("aniworld.to", CatalogueBlocked("It asks for a browser check."))
    assert worker.covers.fetch("nebel") is None
    assert site.asked == []
    worker.registry.rest.wake("aniworld.to")
    found = worker.covers.fetch("nebel")
    assert found is not None
    assert found.read_bytes() == PNG


@pytest.mark.parametrize(
    "facts",
    [
        {"cover_url": None},
        {"cover_url": ""},
        {"cover_url": "file:///etc/passwd"},
        {"cover_url": "http://10.0.0.1/x.png"},
        {"cover_url": "no address"},
        {"site": "gone.example", "link": "https://gone.example/x"},
        {"site": "", "link": ""},
    ],
)
def test_no_cover_a_forbidden_address_or_a_catalogue_that_is_gone_is_no_failure(
    worker: Worker, database: Database, facts: dict[str, str | None]
) -> None:
    change(database, **facts)
    assert worker.covers.fetch("nebel") is None
    worker.place(1)
    assert worker.settle() == []
    assert worker.covers.fetch("nobody") is None


def test_a_site_or_a_disk_that_is_away_fails_nothing(worker: Worker, database: Database, tmp_path: Path) -> None:
    (tmp_path / "worker").write_text("no folder can be made here")
    worker.place(1)
    assert worker.settle() == []
    (tmp_path / "worker").unlink()
    change(database, cover_url=f"http://127.0.0.1:{free_port()}/nebel.png")
    worker.place(1)
    assert worker.settle() == []
