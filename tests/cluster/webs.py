"""Two web processes that work as one: on PostgreSQL and Redis, behind nginx, which leads each visitor to one of
them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import socketio

from aniworld.demo.site import DemoSite
from aniworld.services.cluster.channel import Messages
from tests.cluster.machines import Nginx, PostgreSQL, Redis, running
from tests.running import PASSWORD, Server, until

SECRET = "a secret that all processes of the tests share"
_UPSTREAMS = """
map $http_x_seat $seat {{ '' $remote_addr; default $http_x_seat; }}
map $http_upgrade $connection_kind {{ default upgrade; '' ''; }}
upstream webs {{
    hash $seat consistent;
{servers}
}}
server {{
    listen 127.0.0.1:{{port}};
    location / {{
        proxy_pass http://webs;
        proxy_http_version 1.1;
        proxy_connect_timeout 2s;
        proxy_read_timeout 1h;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_kind;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        add_header X-Led-To $upstream_addr always;
    }}
}}
"""


class Webs:
    """``one`` and ``other`` are the two processes, ``url`` is nginx in front of them, ``redis`` is theirs alone."""

    def __init__(self, folder: Path, postgresql: PostgreSQL, redis: Redis, site: DemoSite) -> None:
        self.redis = redis
        self.library = folder / "library"
        self.library.mkdir()
        self.environment = {
            "ANIWORLD_DATABASE_URL": postgresql.new_database(),
            "ANIWORLD_REDIS_URL": redis.url(),
            "ANIWORLD_SECRET_KEY": SECRET,
            "ANIWORLD_CATALOGUE_URL": site.url,
            "ANIWORLD_PRIVATE_HOSTS": ",".join(site.private_hosts),
            "ANIWORLD_LIBRARY": str(self.library),
            "ANIWORLD_TRUSTED_PROXIES": "127.0.0.1",
        }
        self.one, self.other = (Server(folder / name, **self.environment) for name in ("one", "other"))
        self.nginx: Nginx | None = None

    @property
    def both(self) -> tuple[Server, Server]:
        return self.one, self.other

    @property
    def url(self) -> str:
        assert self.nginx is not None
        return self.nginx.url

    def start(self) -> None:
        """What does not run is started, and everybody is signed in: after this nothing is left of an earlier test."""
        starts = [threading.Thread(target=_start, args=(server,)) for server in self.both if not runs(server)]
        for start in starts:
            start.start()
        for start in starts:
            start.join()
        for server in self.both:
            if not server.token or status_of(server.url, server.token) != 200:
                server.sign_in()
        self.other.post("/api/queue/stop")

    def stop(self) -> None:
        for server in self.both:
            server.stop()

    def seat_at(self, server: Server) -> str:
        """A value of X-Seat with which nginx leads a visitor to this process."""
        for seat in map(str, range(200)):
            answer = requests.get(self.url + "/health", headers={"X-Seat": seat}, timeout=10)
            if answer.headers["X-Led-To"].endswith(f":{server.port}"):
                return seat
        raise AssertionError("nginx leads nobody there")


class Ear:
    """A Socket.IO client that remembers what it hears. It finds its way back by itself, as a browser does."""

    def __init__(self, url: str, token: str, *rooms: str, **more: Any) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.cut = threading.Event()
        self.client = socketio.Client(reconnection_delay=0.2, reconnection_delay_max=1, randomization_factor=0)
        self.client.on("*", lambda name, data: self.heard.append((name, data)))
        self.client.on("disconnect", lambda *_: self.cut.set())
        self.client.on("connect", lambda: [self.client.emit("join", room) for room in rooms])
        self.client.connect(url, auth={"token": token}, **more)
        until(lambda: not rooms or "/" in self.client.namespaces)

    def told(self, name: str, **facts: Any) -> list[dict[str, Any]]:
        """The events of this name that say these facts."""
        return [data for kind, data in self.heard if kind == name and facts.items() <= data.items()]

    def close(self) -> None:
        self.client.reconnection = False
        self.client.shutdown()


@contextmanager
def listening(url: str, token: str, *rooms: str, **more: Any) -> Iterator[Ear]:
    """An Ear that is in its rooms, and knows their present state."""
    ear = Ear(url, token, *rooms, **more)
    try:
        if "downloads" in rooms:
            until(lambda: ear.told("queue_status"))
        if "scan_progress" in rooms:
            until(lambda: ear.told("scan_progress"))
        yield ear
    finally:
        ear.close()


@contextmanager
def a_worker(webs: Webs) -> Iterator[Messages]:
    """A third process' mouth and ear: what it says is said as a worker says it."""
    messages = Messages(webs.redis.url())
    messages.start()
    assert messages.wait_connected(10)
    try:
        yield messages
    finally:
        messages.stop()


@contextmanager
def two_webs(folder: Path, postgresql: PostgreSQL, media: Path) -> Iterator[Webs]:
    with running(Redis) as redis, DemoSite(media) as site:
        webs = Webs(folder, postgresql, redis, site)
        servers = "\n".join(f"server 127.0.0.1:{server.port} max_fails=1 fail_timeout=3s;" for server in webs.both)
        with running(lambda: Nginx(_UPSTREAMS.format(servers=servers))) as nginx:
            webs.nginx = nginx
            try:
                yield webs
            finally:
                webs.stop()


def runs(server: Server) -> bool:
    return server.process is not None and server.process.poll() is None


def sign_in(url: str, password: str = PASSWORD) -> str:
    answer = requests.post(url + "/api/auth/login", json={"password": password}, timeout=20)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def status_of(url: str, token: str, path: str = "/api/queue/status") -> int:
    return requests.get(url + path, headers={"Authorization": f"Bearer {token}"}, timeout=20).status_code


def _start(server: Server) -> None:
    server.start(sign_in=False)
