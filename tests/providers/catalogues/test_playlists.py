"""A list of videos as a series: read by yt-dlp in a process of its own, behind the same gate as everything else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aniworld.core.addresses import AddressRule
from aniworld.core.errors import AddressRefused, InvalidInput, NothingThere, SiteUnreachable
from aniworld.core.keys import KEY_FORM
from aniworld.core.media import StreamKind
from aniworld.providers.catalogues.playlists.catalogue import Playlists
from aniworld.providers.fetch.client import Gate
from aniworld.providers.plugin_api.testkit import Answer, Asked, LoopbackSite, open_gate
from aniworld.providers.registry import Registry

ITEM = "<item><title>{title}</title><link>{link}</link><pubDate>{day} Jan 2024 10:00:00 GMT</pubDate></item>"


def feed(title: str, *items: str) -> Answer:
    body = (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title><description>Eine Reihe</description>'
    )
    return Answer(f"{body}{''.join(items)}</channel></rss>", headers={"Content-Type": "application/rss+xml"})


def item(site: LoopbackSite, title: str, path: str, day: int) -> str:
    return ITEM.format(title=title, link=site.url + path, day=f"{day:02d}")


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite({}) as made:
        yield made


@pytest.fixture
def catalogue() -> Playlists:
    return Playlists(open_gate())


def test_a_feed_is_a_series_and_its_entries_the_episodes(site: LoopbackSite, catalogue: Playlists) -> None:
    site.pages["/feed.xml"] = feed(
        "Nebel &amp; Turm",
        item(site, "Ein Nachtrag", "/e/x", 9),
        item(site, "Trailer", "/e/t", 8),
        item(site, "Nebel - Folge 2: Weiter", "/e/2", 2),
        item(site, "Nebel - Folge 1", "/e/1.mp4", 1),
        item(site, "Nebel - Folge 1", "/e/1.mp4", 1),
    )
    page = catalogue.series(f"playlist:{site.url}/feed.xml#top")
    assert (page.name, page.site, page.link) == ("Nebel & Turm", "playlists", f"{site.url}/feed.xml")
    assert (page.description, page.seasons) == ("Eine Reihe", (0, 1))
    assert [(one.season, one.number, one.title) for one in page.episodes] == [
        (0, 1, "Trailer"),
        (1, 1, "Nebel - Folge 1"),
        (1, 2, "Nebel - Folge 2: Weiter"),
        (1, 3, "Ein Nachtrag"),
    ]
    (link,) = catalogue.episode(page.episodes[1].link).links
    assert (catalogue.resolve(link), link.language) == (f"{site.url}/e/1.mp4", "")
    assert site.asked[0].headers["user-agent"] == "Aniworld tests"
    site.pages["/e/1.mp4"] = Answer(b"\0" * 100, headers={"Content-Type": "video/mp4"})
    registry = Registry(catalogue.gate, plugins=lambda group: [])
    stream = registry.hoster_for(link.url).stream(link.url, referer="")
    assert (stream.kind, stream.url) == (StreamKind.FILE, link.url)


def test_a_page_of_several_videos_is_a_list_too(site: LoopbackSite, catalogue: Playlists) -> None:
    videos = "".join(f'<video src="/v/{number}.mp4"></video>' for number in (1, 2))
    site.pages["/archiv"] = f"<html><title>Archiv Staffel 3</title>{videos}</html>"
    page = catalogue.series(f"{site.url}/archiv")
    assert [(one.season, one.number, one.link) for one in page.episodes] == [
        (3, 1, f"{site.url}/v/1.mp4"),
        (3, 2, f"{site.url}/v/2.mp4"),
    ]


def test_nothing_there_apart_from_broken(site: LoopbackSite, catalogue: Playlists) -> None:
    site.pages["/one"] = '<html><title>One</title><video src="/v/1.mp4"></video></html>'
    site.pages["/busy"] = Answer("busy", 503)
    for path, kind in (
        ("/one", NothingThere),
        ("/gone", NothingThere),
        ("/busy", SiteUnreachable),
    ):
        with pytest.raises(kind, match="127.0.0.1"):
            catalogue.series(f"{site.url}{path}")


def test_the_gate_stands_before_the_child(site: LoopbackSite) -> None:
    site.pages["/feed.xml"] = feed("Nebel", item(site, "Folge 1", "/e/1", 1))
    closed = Playlists(Gate(rule=AddressRule(), user_agent="Aniworld tests"))
    with pytest.raises(AddressRefused):
        closed.series(f"{site.url}/feed.xml")
    assert site.asked == []


def test_a_redirect_to_a_private_address_is_refused(site: LoopbackSite, catalogue: Playlists) -> None:
    site.pages["/away"] = lambda asked: Answer("", 302, {"Location": "http://10.1.2.3/feed.xml"})
    with pytest.raises(AddressRefused):
        catalogue.series(f"{site.url}/away")


def test_only_who_says_so_gets_a_list(site: LoopbackSite) -> None:
    registry = Registry(open_gate(), plugins=lambda group: [])
    link = "https://videos.example/playlist?list=PL1"
    with pytest.raises(InvalidInput):
        registry.catalogue_for(link)
    assert registry.catalogue_for(f"playlist:{link}").site == "playlists"
    assert registry.catalogue_for(link, "playlists").site == "playlists"
    aniworld = "https://aniworld.to/anime/stream/nebel"
    assert registry.catalogue_for(aniworld).site == "aniworld.to"
    for source, wrong in (("aniworld.to", link), ("no-such", link), ("playlists", "file:///etc/passwd")):
        with pytest.raises(InvalidInput):
            registry.catalogue_for(wrong, source)
    assert "playlists" not in [one.site for one in registry.searched()]


def test_keys_tell_lists_apart(catalogue: Playlists) -> None:
    links = [f"https://www.videos.example/playlist?list={name}" for name in ("PL1", "PL2", "x" * 3000)]
    links += ["https://videos.example/@Nebel/videos", "https://videos.example", "https://videos.example/日本語"]
    keys = [catalogue.key_of(link) for link in links]
    assert len(set(keys)) == len(keys) and all(KEY_FORM.fullmatch(key) and len(key) < 120 for key in keys)
    assert keys[0].startswith("videos-example-list-pl1-")
    assert catalogue.key_of("playlist:HTTPS://Videos.Example#x") == catalogue.key_of("https://videos.example/")


@pytest.mark.parametrize(
    "link", ["", "playlist:", "playlist:file:///etc/passwd", "nebel", "http://a b/", "http://u:p@x/", "x" * 9000]
)
def test_what_is_no_address_is_refused(catalogue: Playlists, link: str) -> None:
    for wish in (catalogue.key_of, catalogue.series_link, catalogue.series, catalogue.episode):
        with pytest.raises(InvalidInput):
            wish(link)


@pytest.mark.slow
def test_a_hostile_list_stays_within_bounds(site: LoopbackSite, catalogue: Playlists) -> None:
    def endless(asked: Asked) -> Answer:
        items = [
            item(site, f"\u202e<b>{'x' * 900}</b> Folge {number}".replace("<", "&lt;"), f"/e/{number}", 1)
            for number in range(3000)
        ]
        return feed("../../" + "N" * 3000, *items, item(site, "lang", "/" + "y" * 5000, 1))

    site.pages["/feed.xml"] = endless
    page = catalogue.series(f"{site.url}/feed.xml")
    assert len(page.episodes) == 2000 and len(page.name) == 500
    assert max(len(one.title) for one in page.episodes) <= 500
