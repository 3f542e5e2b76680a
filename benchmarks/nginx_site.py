"""A demo catalogue whose hoster is nginx: pages and media are files, so that no Python process competes with ours."""

from __future__ import annotations

from pathlib import Path

from aniworld.demo.answers import Catalogue
from aniworld.demo.facts import FIRST_LINK_ID, DemoSeries, episodes
from aniworld.demo.server import Host
from aniworld.demo.site import DemoSite


def series(slug: str, count: int) -> DemoSeries:
    return DemoSeries(
        slug=slug,
        title=slug.capitalize(),
        title_en=slug.capitalize(),
        description="",
        year=2026,
        year_end=2026,
        genres=(),
        fsk=0,
        seasons=(1,),
        episodes=episodes({1: [f"{number}|{number}" for number in range(1, count + 1)]}, "ger-dub:Vulkan"),
    )


class NginxSite(DemoSite):
    """``www``: nginx' folder at the address ``hoster``. Every episode's page there shows ``media``, a path."""

    def __init__(self, catalogue: tuple[DemoSeries, ...], www: Path, hoster: str, media: str) -> None:
        super().__init__(catalogue=catalogue)
        self.hoster_url = hoster
        (www / "e").mkdir(exist_ok=True)
        for number in range(sum(len(one.episodes) for one in catalogue)):
            page = f'<!DOCTYPE html><video controls><source src="{media}?{number}" type="video/mp4"></video>'
            (www / "e" / str(FIRST_LINK_ID + number)).write_text(page)

    def start(self) -> str:
        host = Host("catalogue", 0, self, Catalogue(self._catalogue, self.hoster_url).answer)
        host.start()
        self._hosts, self.url = (host,), host.url
        return self.url

    def page_of(self, number: int) -> str:
        """The hoster's page of the episode with that place in the whole catalogue, from 0."""
        return f"{self.hoster_url}/e/{FIRST_LINK_ID + number}"
