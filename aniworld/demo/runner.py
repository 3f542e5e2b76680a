"""The whole application on the demo catalogue: everything can be seen without the internet."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aniworld.app import build_services
from aniworld.config.environment import Environment
from aniworld.core.errors import AlreadyRunning, AniworldError, Conflict
from aniworld.core.naming import EpisodeNaming, episode_path
from aniworld.demo import pages
from aniworld.demo.catalogue import BAKERY, FOG, NAUTILUS
from aniworld.demo.facts import DemoSeries
from aniworld.demo.server import ADDRESS
from aniworld.demo.site import DemoSite
from aniworld.services.container import Services
from aniworld.services.series_app import SeriesApp
from aniworld.workers.instance_lock import InstanceLock

THROTTLE = 150_000
MARK = "aniworld-demo.json"
SETTINGS = {
    "catalogue": {"requests_per_second": 25.0},
    "download": {"concurrency": 2, "auto_start": True, "min_free_space_mb": 100},
}
THERE = ((NAUTILUS, 1, (1, 2, 4)), (BAKERY, 1, (1, 2, 3, 4, 5, 6, 7)), (FOG, 1, ()))


@dataclass(frozen=True)
class Home:
    """The demo's folder: ``state`` is the instance, ``library`` stands beside it, ``media`` keeps the hosters'
    videos.
    """

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def library(self) -> Path:
        return self.folder / "library"

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def mark(self) -> Path:
        return self.folder / MARK

    def facts(self) -> dict[str, object]:
        """What an earlier start wrote down: ports and password. Empty on the first."""
        try:
            found = json.loads(self.mark.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, facts: Mapping[str, object]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.mark.touch(mode=0o600)
        self.mark.write_text(json.dumps(dict(facts)), encoding="utf-8")

    def clear(self) -> None:
        """Begins anew, the videos kept. Raises Conflict for a folder that is none of the demo's."""
        if not self.folder.exists() or not any(self.folder.iterdir()):
            return
        if not self.mark.is_file():
            raise Conflict(
                f"{self.folder} holds something else than a demo and is not cleared; choose another folder: aniworld"
                " --instance FOLDER demo"
            )
        for path in (self.state, self.library):
            shutil.rmtree(path, ignore_errors=True)
        self.mark.unlink(missing_ok=True)


def run_demo(
    *, home: Path, host: str = ADDRESS, port: int = 5000, fresh: bool = False, throttle: int | None = THROTTLE
) -> int:
    """Serves until Ctrl-C or SIGTERM; the exit code is the server's. Prints the address and the password.

    Raises Conflict when ``home`` is something else than a demo's folder, or another demo runs there.
    """
    place = Home(home.absolute())
    if place.state.is_dir() and InstanceLock.is_held(place.state):
        raise AlreadyRunning(
            f"Another demo runs on {place.folder}; stop it first, or choose another folder: aniworld --instance FOLDER"
            " demo"
        )
    if fresh or not place.facts().get("ready"):
        place.clear()
    site = _site(place, throttle)
    try:
        environment = surroundings(place, site)
        password = _prepared(place, site, environment)
        print(f"The demo catalogue is at {site.url}\nThe password is {password}", flush=True)
        return _serve(environment, host, port)
    finally:
        site.stop()


def surroundings(place: Home, site: DemoSite) -> dict[str, str]:
    """The environment that points an application at the demo."""
    return {
        "ANIWORLD_INSTANCE": str(place.state),
        "ANIWORLD_LIBRARY": str(place.library),
        "ANIWORLD_CATALOGUE_URL": site.url,
        "ANIWORLD_PRIVATE_HOSTS": ",".join(site.private_hosts),
    }


def prepare(services: Services, site: DemoSite, library: Path, password: str) -> None:
    """A password is set, three series are in the library, and some of their episodes are on disk."""
    services.config.update({**SETTINGS, "library": {"root": str(library)}})
    services.auth.set_password(password)
    app = SeriesApp(services)
    for series, season, numbers in THERE:
        detail, _ = app.add(site.url + pages.series_path(series))
        for number in numbers:
            _put(site, series, season, number, library / detail.folder, detail.title)
    app.scan()


def _put(site: DemoSite, series: DemoSeries, season: int, number: int, folder: Path, name: str) -> None:
    episode = series.episode(season, number)
    assert episode is not None
    clip = site.clips.get(site.clips.name_for(series, episode, episode.copies[0]))
    naming = EpisodeNaming(series=name, season=season, episode=number, title=episode.title)
    path = folder / episode_path("{series} - S{season:02}E{episode:02} - {title}", naming, "mp4")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(clip, path)


def _site(place: Home, throttle: int | None) -> DemoSite:
    """The site on the ports of last time, since the library keeps links to them; on free ones when those are taken."""
    wished = place.facts().get("ports")
    ports = wished if isinstance(wished, list) and len(wished) == 2 else [0, 0]
    if not all(isinstance(port, int) and _is_free(port) for port in ports):
        ports = [0, 0]
    site = DemoSite(place.media, port=ports[0], hoster_port=ports[1], throttle=throttle)
    site.start()
    return site


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def _prepared(place: Home, site: DemoSite, environment: Mapping[str, str]) -> str:
    """The password, after the first start's work is done, or the library's links follow the site to other ports."""
    facts, ports = place.facts(), [int(url.rpartition(":")[2]) for url in (site.url, site.hoster_url)]
    password = str(facts.get("password") or secrets.token_urlsafe(12))
    if facts.get("ready") and facts.get("ports") == ports:
        return password
    place.write({"password": password, "ports": ports, "ready": False})
    place.library.mkdir(parents=True, exist_ok=True)
    with _services(environment) as services:
        if facts.get("ready"):
            for series in SeriesApp(services).list():
                services.anime.refresh_now(series.key)
        else:
            print("Preparing the demo: drawing some videos and reading the catalogue …", flush=True)
            prepare(services, site, place.library, password)
    place.write({"password": password, "ports": ports, "ready": True})
    return password


@contextmanager
def _services(environment: Mapping[str, str]) -> Iterator[Services]:
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        services = build_services(Environment.read())
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        yield services
    finally:
        services.close()


def _serve(environment: Mapping[str, str], host: str, port: int) -> int:
    """Runs the server as a process of its own, so that the site's threads and its greenlets stay apart."""
    stopped = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        stopped = True
        if child.poll() is None:
            child.terminate()

    command = [sys.executable, "-m", "aniworld", "run", "--host", host, "--port", str(port)]
    child = subprocess.Popen(command, env={**os.environ, **environment})
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if child.poll() is None:
            child.kill()
    if code and not stopped:
        raise AniworldError("The server ended by itself; its last lines above say why.")
    return 0
