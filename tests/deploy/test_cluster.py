"""compose.cluster.yaml and its nginx: the parts that belong together, who reaches whom, and that visitors stay
seated.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.deploy.nginx import Nginx
from tests.deploy.people import open_folder
from tests.deploy.reading import DEPLOY, known_variables
from tests.running import until

OURS = ("web-1", "web-2", "worker-1", "worker-2")
IMAGE_ONLY = {"PUID", "PGID", "UMASK", "TZ"}
TEXT = (DEPLOY / "compose.cluster.yaml").read_text()


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TEXT)["services"]
    return found


def test_two_webs_two_workers_and_what_they_need(services: dict[str, Any]) -> None:
    assert set(services) == {*OURS, "nginx", "postgresql", "redis"}
    for name in OURS:
        assert (DEPLOY / services[name]["build"]["context"] / "Dockerfile").is_file()
        assert services[name]["depends_on"] == {
            "postgresql": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }
        assert set(services[name]["environment"]) - IMAGE_ONLY <= known_variables()


def test_all_share_one_library_and_each_has_a_folder_of_its_own(services: dict[str, Any]) -> None:
    libraries = [services[name]["volumes"][0] for name in OURS]
    assert all(volume == libraries[0] and volume["target"] == "/library" for volume in libraries)
    instances = [services[name]["volumes"][1] for name in OURS]
    assert len({volume["source"] for volume in instances}) == 4
    assert {volume["target"] for volume in instances} == {"/instance"}
    assert {volume["source"] for volume in instances} <= set(yaml.safe_load(TEXT)["volumes"])


def test_workers_have_names_and_a_command_and_no_health_page(services: dict[str, Any]) -> None:
    workers = [services[name] for name in OURS if name.startswith("worker")]
    assert len({one["environment"]["ANIWORLD_WORKER"] for one in workers}) == 2
    assert all(one["command"] == ["aniworld", "worker"] and one["healthcheck"] == {"disable": True} for one in workers)


def test_every_secret_comes_from_outside(services: dict[str, Any]) -> None:
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "ANIWORLD_SECRET_KEY"):
        assert set(re.findall(r"\$\{" + name + r"([^}]*)\}", TEXT)) and f"${{{name}}}" not in TEXT
        assert all(rest.startswith(":?") for rest in re.findall(r"\$\{" + name + r"([^}]*)\}", TEXT)), name
    example = (DEPLOY / "env.cluster.example").read_text()
    assert (
        re.findall(r"^(?:ANIWORLD_SECRET_KEY|POSTGRES_PASSWORD|REDIS_PASSWORD)=(.*)$", example, re.MULTILINE)
        == [""] * 3
    )
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", TEXT))


def test_only_nginx_has_a_port_and_database_and_redis_reach_nobody(services: dict[str, Any]) -> None:
    assert [name for name, one in services.items() if "ports" in one] == ["nginx"]
    assert services["nginx"]["ports"] == ["${ANIWORLD_PORT:-127.0.0.1:5000}:8080"]
    assert services["postgresql"]["networks"] == services["redis"]["networks"] == ["inside"]
    assert yaml.safe_load(TEXT)["networks"]["inside"] == {"internal": True}


def test_nobody_may_more_than_needed(services: dict[str, Any]) -> None:
    for name, one in services.items():
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "devices", "pid", "ipc", "network_mode"} & set(one)
    for name in OURS:
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]


# --- nginx -----------------------------------------------------------------------------------------------------------


class Seat(BaseHTTPRequestHandler):
    """Says its own port, and what it was told about the visitor."""

    def do_GET(self) -> None:
        self.send_response(200)
        told = (str(self.server.server_address[1]), self.headers["X-Forwarded-For"], self.headers["X-Forwarded-Host"])
        body = " ".join(map(str, told)).encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def front(tmp_path: Path) -> Iterator[str]:
    """The address of nginx, as in the example, before two servers."""
    webs = [ThreadingHTTPServer(("127.0.0.1", 0), Seat) for _ in range(2)]
    for web in webs:
        threading.Thread(target=web.serve_forever, daemon=True).start()
    text = (DEPLOY / "nginx-cluster.conf").read_text()
    for number, web in enumerate(webs, 1):
        text = text.replace(f"web-{number}:5000", f"127.0.0.1:{web.server_address[1]}")
    with open_folder() as folder:
        example = tmp_path / "cluster.conf"
        example.write_text(text)
        nginx = Nginx(folder, example)
        tried = nginx.test()
        assert tried.returncode == 0, tried.stderr
        nginx.start()
        until(lambda: listens(nginx.ports["8080"]))
        yield f"http://127.0.0.1:{nginx.ports['8080']}"
        nginx.stop()
    for web in webs:
        web.shutdown()
        web.server_close()


def listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def led_to(address: str, session: requests.Session | None = None) -> str:
    return (session or requests).get(address, timeout=10).text.split()[0]


def test_a_visitor_keeps_its_seat_and_visitors_are_spread(front: str) -> None:
    places = set()
    for _ in range(12):
        with requests.Session() as browser:
            led_to(front, browser)
            kept = {led_to(front + path, browser) for path in ("/", "/socket.io/?EIO=4", "/api/queue/status", "/queue")}
            assert len(kept) == 1
            places |= kept
    assert len(places) == 2


def test_a_program_without_cookies_stays_where_it_is_and_gets_no_seat(front: str) -> None:
    assert len({led_to(front + "/socket.io/?EIO=4") for _ in range(6)} | {led_to(front + "/api/x")}) == 1
    assert "Set-Cookie" not in requests.get(front + "/socket.io/", timeout=10).headers
    assert "HttpOnly" in requests.get(front + "/queue", timeout=10).headers["Set-Cookie"]


def test_what_a_visitor_says_of_itself_is_not_passed_on(front: str) -> None:
    lies = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "evil.example"}
    _, address, host = requests.get(front, headers=lies, timeout=10).text.split(" ")
    assert (address, host in ("", "None")) == ("127.0.0.1", True)
