"""From a search to playable files, on the demo site; and how everything stops."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from aniworld.demo.clips import ffmpeg
from aniworld.demo.site import DemoSite
from tests.cli.conftest import Cli
from tests.running import free_port

pytestmark = pytest.mark.slow

READY = re.compile(r"runs at (http://\S+)")


def test_from_a_search_to_playable_episodes(demo_cli: Cli, site: DemoSite, library: Path) -> None:
    hit = demo_cli("search", "nebelwald", "--json").json()[0]
    assert (hit["key"], hit["in_library"]) == ("lautlos-im-nebelwald", False)
    added = demo_cli("add", hit["link"], "--json").json()
    assert added["created"]
    assert len(added["series"]["episodes"]) == 5
    done = demo_cli("download", hit["key"], "S01E01", "--json").json()
    assert [item["hoster"] for item in done["completed"]] == ["Vulkan"]  # the first is dead
    file = library / done["completed"][0]["file"]
    told = subprocess.run([ffmpeg(), "-i", str(file)], capture_output=True, text=True, check=False).stderr
    assert "Video:" in told
    again = demo_cli("download", hit["key"], "S01E01")
    assert again.code == 0
    assert "skipped" in again.out
    assert demo_cli("list", "--missing").out.split("\t")[3] == "4"
    status = demo_cli("scan", "--json").json()
    assert (status["status"], status["episodes_found"], status["missing_total"]) == ("completed", 1, 4)


def test_a_download_that_cannot_be_is_code_1(demo_cli: Cli, site: DemoSite) -> None:
    assert demo_cli("config", "set", "download.retry_limit", "0").code == 0
    assert demo_cli("add", "glaspalast").code == 0
    done = demo_cli("download", "glaspalast", "S01E01")
    assert done.code == 1
    assert done.err.startswith("Error: 1 of 1 download failed")
    assert demo_cli("queue", "list", "--status", "failed", "--json").json()[0]["error"]


def test_ctrl_c_of_a_download_keeps_the_wish(demo_cli: Cli, site: DemoSite, library: Path) -> None:
    assert demo_cli("add", "mondkatzen").code == 0
    site.clips.get("bild0-folge-deu.mp4")
    site.throttle = 4000
    with demo_cli.start("download", "mondkatzen", "S01E01") as child:
        _until(lambda: any(seen.path.startswith("/media/") for seen in site.requests))
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=10)
    assert child.returncode == 1
    assert err.count("\n") == 1
    assert "wait in the queue" in err
    status = demo_cli("queue", "list", "--json").json()
    assert [item["status"] for item in status["pending_queue"]] == ["pending"]
    assert not list(library.glob("[!.]*/**/*.mp4"))


def test_the_server_starts_stops_and_is_alone(demo_cli: Cli, tmp_path: Path) -> None:
    port = free_port()
    with demo_cli.start("run", "--port", str(port)) as server:
        assert server.stdout is not None
        address = READY.search(server.stdout.readline())
        assert address is not None
        with urllib.request.urlopen(f"{address[1]}/health", timeout=30) as answer:
            assert json.load(answer)["status"] == "ok"
        second = demo_cli("run", "--port", str(free_port()))
        assert (second.code, "already runs" in second.err) == (1, True)
        began = time.monotonic()
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=15)
        assert server.returncode == 0
        assert time.monotonic() - began < 5


def test_the_password_is_set_and_changed(cli: Cli) -> None:
    assert cli("password", "--stdin", "--json", stdin="first secret\n").json() == {"configured": True, "first": True}
    assert cli("password", "--stdin", "--json", stdin="second secret\n").json()["first"] is False
    for wrong in ("short\n", "", "x" * 5000):
        done = cli("password", "--stdin", stdin=wrong)
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert "x" * 100 not in done.err


def test_settings_are_set_kept_and_brought_back(cli: Cli) -> None:
    assert cli("config", "set", "download.concurrency", "5").code == 0
    name = cli("config", "backup", "--json").json()["name"]
    assert cli("config", "set", "download.concurrency", "9").code == 0
    assert cli("config", "set", "download.concurrency", "900").code == 1
    refused = cli("config", "set", "download.hosters", "VOE,Doodstream")
    assert (refused.code, 'Must be a list, such as ["first", "second"]' in refused.err) == (1, True)
    assert cli("config", "restore", name).code == 0
    assert cli("config", "get", "download.concurrency").out == "5\n"
    assert cli("config", "validate", "-", stdin='{"download": {"nonsense": 1}}').code == 1
    assert cli("config", "validate", "-", stdin='{"download": {"concurrency": 2}}').code == 0


def test_the_queue_is_changed_by_short_ids(demo_cli: Cli) -> None:
    assert demo_cli("add", "kupferherz").code == 0
    added = demo_cli("queue", "add", "kupferherz", "S01E01-E03", "--json").json()["added"]
    last = added[2]["id"][:8]
    assert demo_cli("queue", "move", last, "--position", "0", "--json").json()["position"] == 0
    assert demo_cli("queue", "list").out.split("\t")[0] == last
    assert demo_cli("queue", "pause", "--minutes", "5", "--json").json()["is_paused"]
    assert demo_cli("queue", "remove", last).code == 0
    assert demo_cli("queue", "stop", "--json").json()["statistics"]["pending"] == 2


def test_legacy_folders_are_imported_once(cli: Cli, library: Path) -> None:
    facts = {
        "key": "alte-serie",
        "name": "Alte Serie",
        "site": "aniworld.to",
        "folder": "Alte",
        "episodeDict": {"1": [1, 2]},
    }
    (library / "Alte").mkdir()
    (library / "Alte" / "data").write_text(json.dumps(facts))
    assert "created" in cli("import-legacy", "--dry-run", str(library)).out
    assert cli("list").out == ""
    assert cli("import-legacy", str(library)).out.startswith("created")
    assert cli("import-legacy", str(library)).out.startswith("unchanged")


def test_the_demo_is_up_with_a_library_and_stops_whole(cli: Cli) -> None:
    with cli.start("demo", "--port", str(free_port())) as demo:
        assert demo.stdout is not None
        lines = [demo.stdout.readline() for _ in range(4)]
        address = READY.search(lines[-1])
        assert address is not None, lines
        demo.send_signal(signal.SIGTERM)
        _, err = demo.communicate(timeout=20)
        assert demo.returncode == 0, err
    facts = json.loads((cli.instance / "aniworld-demo.json").read_text())
    assert f"The password is {facts['password']}\n" in lines
    assert len(list((cli.instance / "library").glob("*/*/*.mp4"))) == 10


def _until(holds: object, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)
