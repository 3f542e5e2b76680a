"""A plug-in made from the guide's own words passes the guide's own tests, and works in a real server."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.providers.plugin_api.base import Catalogue
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite
from tests.running import Server, until

GUIDE = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
PROJECT = tomllib.loads(re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)[0])


@pytest.mark.parametrize(("kit", "number"), [("TestMyHoster", 3), ("TestMySite", 4)])
def test_the_providers_of_the_guide_pass_the_contracts_of_the_guide(kit: str, number: int) -> None:
    names: dict = {}
    for block in CODE:
        exec(compile(block, "plugins.md", "exec"), names)
    tests = names[kit]()
    called = [name for name in dir(tests) if name.startswith("test_")]
    for name in called:
        getattr(tests, name)()
    assert len(called) == number


def test_the_guide_names_what_a_catalogue_must_do() -> None:
    must = Catalogue.__abstractmethods__ | {"site", "name"}
    assert [name for name in sorted(must) if f"`{name}" not in GUIDE] == []


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    """Catalogue and hoster of the guide in one."""
    with LoopbackSite({}) as made:
        shows = [{"title": "Nebel am Fluss", "url": f"{made.url}/shows/Nebel_am_Fluss"}]
        episode = {"season": 1, "number": 1, "id": "e1", "title": "Eins", "languages": ["ger-sub"]}
        copies = [{"host": "My Hoster", "language": "ger-sub", "url": f"{made.url}/e/abc"}]
        made.pages.update(
            {
                "/api/search": Answer(json.dumps(shows)),
                "/shows/Nebel_am_Fluss.json": json.dumps({"title": "Nebel am Fluss", "episodes": [episode]}),
                "/shows/Nebel_am_Fluss/e1.json": json.dumps({"title": "Eins", "copies": copies}),
                "/e/abc": json.dumps({"file": "/v/master.m3u8"}),
            }
        )
        yield made


def installed(folder: Path, site: LoopbackSite) -> Path:
    """The guide's package as pip leaves it: its module, and a folder that tells its entry points."""
    code = "\n".join(block for block in CODE if "Contract" not in block)
    code = code.replace("https://mysite.example", site.url).replace("https://myhoster.example", site.url)
    (folder / "my_package.py").write_text(code, encoding="utf-8")
    project = PROJECT["project"]
    told = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = (
        "\n".join([f"[{group}]", *(f"{name} = {where}" for name, where in points.items())])
        for group, points in project["entry-points"].items()
    )
    (told / "entry_points.txt").write_text("\n\n".join(groups) + "\n")
    return folder


@pytest.mark.slow
def test_a_server_finds_it_asks_it_and_downloads_by_it(tmp_path: Path, library: Path, site: LoopbackSite) -> None:
    (tmp_path / "plugin").mkdir()
    server = Server(
        tmp_path / "instance",
        ANIWORLD_LIBRARY=str(library),
        ANIWORLD_CATALOGUE_URL="http://127.0.0.1:9",
        ANIWORLD_PRIVATE_HOSTS="127.0.0.1",
        PYTHONPATH=str(installed(tmp_path / "plugin", site)),
    )
    server.start()
    try:
        (hit,) = server.post("/api/anime/search", {"query": "Nebel", "source": "mysite.example"})
        assert (hit["key"], hit["site"]) == ("nebel-am-fluss", "mysite.example")
        server.post("/api/anime/add", {"link": hit["link"]}, 201)
        (episode,) = until(lambda: server.get("/api/anime/nebel-am-fluss")["episodes"])
        assert (episode["title"], episode["languages"]) == ("Eins", ["ger-sub"])
        server.post("/api/queue/add", {"serie_id": "nebel-am-fluss", "episodes": ["S01E01"]}, 201)
        server.post("/api/queue/start")
        until(lambda: "/v/master.m3u8" in site.paths(), 40)  # by the plug-in's hoster: nobody else reads that page
    finally:
        server.stop()
