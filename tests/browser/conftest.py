"""A real Chromium in front of a real server on the demo catalogue, with a library that also holds hostile titles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from aniworld.demo.site import DemoSite
from aniworld.models import AnimeSeries, Database, DownloadQueueItem, Episode
from aniworld.models.upgrade import bring_up_to_date
from tests.browser.hostile import HOSTILE, LONG
from tests.conftest import environment_for
from tests.programs import program
from tests.running import PASSWORD, Server, until

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DEMO = ("die-baeckerei-am-ende-der-zeit", "sternenfaehre-nautilus-zwoelf", "lautlos-im-nebelwald")
DESK, PHONE = {"width": 1280, "height": 820}, {"width": 360, "height": 740}
SLOW = 250_000
expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong

TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP", event.violatedDirective, event.blockedURI));
"""


class Watch:
    """Everything that a page must not do: console errors, broken policy, requests to another host."""

    def __init__(self, home: str) -> None:
        self.home = urlsplit(home).netloc
        self.wrongs: list[str] = []
        self.expected: list[str] = []

    def over(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrongs.append(f"page error: {error}"))
        page.on("request", lambda request: self._request(request.url))

    def expect(self, *parts: str) -> None:
        """Console errors with one of these parts are meant to be, in this test."""
        self.expected.extend(parts)

    def check(self) -> None:
        left = [wrong for wrong in self.wrongs if not any(part in wrong for part in self.expected)]
        assert left == []

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrongs.append(f"console: {message.text}")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.home:
            self.wrongs.append(f"request to another host: {url}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    program("Chromium")  # before a server is started for nothing


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("Chromium"), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, media_folder: Path) -> Iterator[Server]:
    """One server for all tests here: three demo series, series with hostile titles, failed items, a folder of no
    series.
    """
    home = tmp_path_factory.mktemp("house")
    library = home / "library"
    (library / "Ein Ordner <b>ohne Serie").mkdir(parents=True)
    (library / "Ein Ordner <b>ohne Serie" / "Folge 01.mkv").write_bytes(b"x")
    _furnish(home / "instance")
    with DemoSite(media_folder, throttle=SLOW) as site:
        server = Server(home / "instance", ANIWORLD_TRUSTED_PROXIES="127.0.0.1", **environment_for(site, library))
        server.start()
        server.configure(catalogue={"requests_per_second": 50}, download={"min_free_space_mb": 10, "niceness": 0})
        for slug in DEMO:
            server.post("/api/anime/add", {"link": f"{site.url}/anime/stream/{slug}"})
        until(lambda: all(server.get(f"/api/anime/{slug}")["episodes"] for slug in DEMO))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, house: Server) -> dict:
    """A browser's cookies after signing in on the page."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house.url}/login")
    page.fill("#password", PASSWORD)
    page.click("text=Sign in >> nth=-1")
    page.wait_for_selector(".rail")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def watch(house: Server) -> Iterator[Watch]:
    watching = Watch(house.url)
    yield watching
    watching.check()


@pytest.fixture(scope="session")
def windows(browser: Browser, house: Server, signed_in: dict) -> Iterator[Callable[..., BrowserContext]]:
    """One signed-in browser for each set of options: its cache spares the tests the loading of what never changes."""
    opened: dict[str, BrowserContext] = {}

    def window(**options: object) -> BrowserContext:
        wanted = {"viewport": DESK, "locale": "en-GB", **options}
        context = opened.get(repr(wanted))
        if context is None:
            context = browser.new_context(storage_state=signed_in, base_url=house.url, **wanted)
            context.set_default_timeout(20_000)
            context.add_init_script(TELL_VIOLATIONS)
            opened[repr(wanted)] = context
        return context

    yield window
    for context in opened.values():
        context.close()


@pytest.fixture
def visit(windows: Callable[..., BrowserContext], signed_in: dict, watch: Watch) -> Iterator[Callable[..., Page]]:
    """``visit("/queue", viewport=PHONE)``: a signed-in page, watched for wrongs. What a test leaves behind is
    cleared.
    """
    used: set[BrowserContext] = set()

    def open_page(path: str = "/", **options: object) -> Page:
        context = windows(**options)
        used.add(context)
        page = context.new_page()
        watch.over(page)
        page.goto(path)
        page.wait_for_selector("html[data-live=online]")
        return page

    yield open_page
    for context in used:
        for page in context.pages:
            page.close()
        context.unroute_all()
        context.clear_cookies()
        context.add_cookies(signed_in["cookies"])


def _furnish(instance: Path) -> None:
    """A database in which every text that comes from outside is hostile."""
    instance.mkdir(mode=0o700)
    database = Database.at(f"sqlite:///{instance / 'aniworld.db'}")
    bring_up_to_date(database, instance / "copies")
    with database.writing() as session:
        for place, text in enumerate(HOSTILE):
            session.add(_series(place, text))
            session.add(
                DownloadQueueItem(
                    serie_id=f"hostile-{place}",
                    serie_name=text[:500],
                    season=1,
                    episode=1,
                    status="failed",
                    error=text,
                    error_code="link_dead",
                    retry_count=9,
                    hoster=text[:200],
                )
            )
    database.close()


def _series(place: int, text: str) -> AnimeSeries:
    return AnimeSeries(
        key=f"hostile-{place}",
        name=text[:500],
        site="aniworld.to",
        folder=f"Hostile {place}",
        link=f"https://aniworld.to/anime/stream/hostile-{place}",
        description=text * 3 + LONG,
        alternative_titles=[text],
        genres=[text[:80]],
        refresh_error=text,
        year_start=2020,
        monitored=False,
        episodes=[
            Episode(
                season=1,
                number=1,
                title=text[:900],
                title_en=text[:900],
                languages=["ger-dub"],
                link="https://aniworld.to/x",
            ),
            Episode(season=1, number=2, title=text[:900], languages=["ger-sub"], file=f"Season 01/{place}.mkv"),
        ],
    )
