"""Metrics tell what happens, to whoever is signed in; the dashboard asks only for what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.running import ROOT, Server

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("metrics") / "instance", ANIWORLD_METRICS="true").start()
    yield server
    server.stop()


def samples(server: Server) -> Samples:
    answer = server.call("GET", "/metrics")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_they_need_a_sign_in_and_a_reading_key_is_enough(counted: Server) -> None:
    assert requests.get(counted.url + "/metrics", timeout=10).status_code == 401
    key = counted.post("/api/auth/keys", {"name": "prometheus", "scope": "read"})["key"]
    for headers in ({"X-Api-Key": key}, {"Authorization": f"Bearer {key}"}):
        assert requests.get(counted.url + "/metrics", headers=headers, timeout=10).status_code == 200


def test_requests_are_counted_by_route_and_never_by_address(counted: Server) -> None:
    for number in range(5):
        counted.call("GET", f"/api/anime/secret-series-{number}")
        counted.call("GET", f"/no/such/page/{number}")
    found = samples(counted)
    route = {"method": "GET", "route": "/api/anime/<series:anime_id>", "status": "404"}
    assert found[("aniworld_http_requests_total", tuple(sorted(route.items())))] >= 5
    nowhere = {"method": "any", "route": "none", "status": "404"}
    assert found[("aniworld_http_requests_total", tuple(sorted(nowhere.items())))] >= 5
    assert not any("secret-series" in str(name) for name in found)


def test_state_and_health_are_told(counted: Server) -> None:
    found = samples(counted)
    assert found[("aniworld_queue_running", ())] == 0
    assert found[("aniworld_queue_items", (("status", "pending"),))] == 0
    assert found[("aniworld_health", (("check", "library"),))] == 2
    assert found[("aniworld_downloads_total", (("result", "failed"),))] == 0
    assert found[("process_resident_memory_bytes", ())] > 10_000_000


def test_the_dashboard_and_the_documentation_name_what_there_is(counted: Server) -> None:
    there = {name for name, _ in samples(counted)}
    there |= {"aniworld_scan_seconds", "aniworld_scan_ended_timestamp_seconds"}  # after the first scan
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "aniworld.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    named = {name for expr in asked for name in re.findall(r"\b(?:aniworld|process)_\w+", expr)}
    assert named <= there
    documented = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    assert {name for name in there if name.startswith("aniworld_")} <= {
        name + ending
        for name in re.findall(r"`(aniworld_\w+)`", documented)
        for ending in ("", "_bucket", "_sum", "_count", "_created")
    } | {name.replace("_total", "_created") for name in re.findall(r"`(aniworld_\w+_total)`", documented)}


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "aniworld.json").read_text(encoding="utf-8"))
    assert dashboard["schemaVersion"] >= 36
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all(panel["title"] and panel["targets"] for panel in dashboard["panels"])
    assert not re.search(r"https?://", json.dumps(dashboard))


def test_the_scrape_example_reads_a_key_from_a_file() -> None:
    text = Path(ROOT / "deploy" / "prometheus.yml").read_text(encoding="utf-8")
    assert "credentials_file" in text
    assert "credentials:" not in text
