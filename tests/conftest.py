"""What every test may ask for: a database of its own, the application on it, a real server, a catalogue site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.demo.site import DemoSite
from aniworld.models import Database
from aniworld.models.upgrade import bring_up_to_date
from tests.cluster.fixtures import mariadb, mariadb_url, postgresql, postgresql_url, redis, redis_url  # noqa: F401
from tests.programs import keep, lines, offer_ffmpeg, reasons
from tests.running import Server
from tests.shared import shared_folder

KINDS = (
    "sqlite",
    pytest.param("postgresql", marks=[pytest.mark.cluster, pytest.mark.slow]),
    pytest.param("mariadb", marks=[pytest.mark.cluster, pytest.mark.slow]),
)
ON_EVERY_KIND = (
    "models.test_database",
    "models.test_series_folders",
    "security.test_audit",
    "security.test_second_factor",
    "services.access.test_auth",
    "services.cluster.test_leases",
    "services.file_management.test_recycling",
    "services.file_management.test_renaming",
    "services.library_import.test_import_repository",
    "services.library_import.test_legacy_import",
    "services.queue.test_downloads",
    "services.queue.test_queue_repository",
    "services.scan.test_folder_choices",
    "services.scan.test_scan",
    "services.scan.test_scan_file_facts",
    "services.scan.test_scan_process",
    "services.scan.test_scan_runs",
    "services.scan.test_scan_specials",
    "services.scan.test_scan_subtitles",
    "services.series.test_anime",
    "services.series.test_anime_series",
    "services.series.test_numbering",
    "services.settings.test_shared_settings",
    "services.tracking.test_tracking",
    "upgrade.test_flask_db",
    "upgrade.test_library_upgrade",
)


LONGEST_FIRST = ("tests/faults", "tests/cluster", "tests/app", "tests/cli", "tests/security", "tests/workers")
SLOW = ("tests/cluster/",)  # each starts machines of its own


def pytest_configure(config: pytest.Config) -> None:
    offer_ffmpeg()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each reason for which tests were left out, with their number."""
    if hasattr(terminalreporter.config, "workerinput"):  # one of several processes of a run: the first one counts
        return
    found = reasons(terminalreporter.stats.get("skipped", []))
    keep(found, sum(len(terminalreporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error")))
    for line in lines(found):
        terminalreporter.write_line(line)


@pytest.hookimpl(tryfirst=True)  # before the slow ones are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole servers first: where several run side by side, no long file is begun when all others are done."""
    moved = [name for name in ON_EVERY_KIND if not (Path(__file__).parent / f"{name.replace('.', '/')}.py").is_file()]
    assert moved == [], "ON_EVERY_KIND names modules of tests that are not there"
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in LONGEST_FIRST])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of what speaks to the database most run on each kind, but for those about SQLite's own ways."""
    module = metafunc.module.__name__.removeprefix("tests.")
    if "database_url" not in metafunc.fixturenames or module not in ON_EVERY_KIND:
        return
    if metafunc.definition.get_closest_marker("sqlite") is None:
        metafunc.parametrize("database_url", KINDS, indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of the kind that the test is to run on."""
    kind = getattr(request, "param", "sqlite")
    return f"sqlite:///{tmp_path / 'aniworld.db'}" if kind == "sqlite" else request.getfixturevalue(f"{kind}_url")


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A fresh database at the newest revision: a SQLite file, or what ``database_url`` is."""
    made = Database.at(database_url)
    bring_up_to_date(made, tmp_path / "copies")
    yield made
    made.close()


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's videos, drawn once for the whole run."""
    return shared_folder(tmp_path_factory, "media")


@pytest.fixture
def demo_site(media_folder: Path) -> Iterator[DemoSite]:
    """The bundled catalogue with its hosters on loopback; ``fault`` makes it misbehave."""
    with DemoSite(media_folder) as site:
        yield site


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An empty library root."""
    root = tmp_path / "library"
    root.mkdir()
    return root


@pytest.fixture
def server(tmp_path: Path, library: Path, demo_site: DemoSite) -> Iterator[Server]:
    """A running server on the demo catalogue, signed in."""
    running = Server(tmp_path / "instance", **environment_for(demo_site, library))
    running.start()
    running.configure(catalogue={"requests_per_second": 50}, download={"min_free_space_mb": 10, "niceness": 0})
    yield running
    running.stop()


def environment_for(site: DemoSite, library: Path) -> dict[str, str]:
    return {
        "ANIWORLD_CATALOGUE_URL": site.url,
        "ANIWORLD_PRIVATE_HOSTS": ",".join(site.private_hosts),
        "ANIWORLD_LIBRARY": str(library),
    }
