"""A real server whose hoster is a MediaHost: every episode is one file there, and every fault happens to a whole
program.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from aniworld.demo.answers import Catalogue
from aniworld.demo.facts import FIRST_LINK_ID, DemoSeries, episodes
from aniworld.demo.server import Host
from aniworld.demo.site import DemoSite
from tests.running import Server, command_line, is_alive, until
from tests.transfer.media_server import MediaHost, Request

KEY = "pruefstand"
FOLDER = "Prüfstand (2026)"


def series(count: int) -> DemoSeries:
    return DemoSeries(
        slug=KEY,
        title="Prüfstand",
        title_en="Test Bench",
        description="",
        year=2026,
        year_end=2026,
        genres=(),
        fsk=0,
        seasons=(1,),
        episodes=episodes({1: [f"Akt {number}|Act {number}" for number in range(1, count + 1)]}, "ger-dub:Vulkan"),
    )


class BenchSite(DemoSite):
    """The demo catalogue with one series, whose redirects lead to ``media``: pages under ``/e/<link>``."""

    def __init__(self, media: MediaHost, count: int) -> None:
        super().__init__(catalogue=(series(count),))
        self.media = media

    def start(self) -> str:
        self.hoster_url = self.media.url("")
        host = Host("catalogue", 0, self, Catalogue(self._catalogue, self.hoster_url).answer)
        host.start()
        self._hosts, self.url = (host,), host.url
        return self.url


class House:
    """``server``, running on ``library`` with one series of ``count`` episodes. ``offer`` says what an episode's file
    is.
    """

    def __init__(
        self, place: Path, media: MediaHost, count: int, library: Path | None = None, **environment: str
    ) -> None:
        self.media, self.count = media, count
        self.library = library or place / "library"
        self.library.mkdir(exist_ok=True)
        self.site = BenchSite(media, count)
        self.site.start()
        self.server = Server(
            place / "instance",
            ANIWORLD_CATALOGUE_URL=self.site.url,
            ANIWORLD_LIBRARY=str(self.library),
            ANIWORLD_PRIVATE_HOSTS=",".join(self.site.private_hosts),
            **environment,
        )

    def start(self, **download: object) -> House:
        self.server.start()
        wishes = {"min_free_space_mb": 0, "retry_limit": 0, "stall_timeout_s": 5.0, "niceness": 0} | download
        self.server.configure(catalogue={"requests_per_second": 50}, download=wishes)
        self.server.post("/api/anime/add", {"link": f"{self.site.url}/anime/stream/{KEY}", "folder": FOLDER})
        until(lambda: self.server.get(f"/api/anime/{KEY}")["episodes"])
        return self

    def close(self) -> None:
        self.server.stop()
        self.site.stop()

    def offer(self, episode: int, path: str) -> None:
        """The hoster's page of an episode shows the file, or the playlist, at ``path``."""
        markup = f'<!DOCTYPE html><video controls><source src="{path}"></video>'

        def page(request: Request) -> bool:
            request.answer(200, markup.encode(), Content_Type="text/html")
            return True

        self.media.faults[f"/e/{FIRST_LINK_ID + episode - 1}"] = page

    def queue(self, *numbers: int) -> None:
        added = self.server.post("/api/queue/add", {"serie_id": KEY, "episodes": [f"S01E{one:02d}" for one in numbers]})
        assert len(added["added"]) == len(numbers), added
        self.server.post("/api/queue/start")

    def wake(self) -> bool:
        """Somebody says "try now": the hoster rests no longer after the failures of so many."""
        self.server.post("/api/system/wake", {})
        return True

    def items(self) -> dict[int, dict]:
        """The queue's items by episode."""
        return {item["episode"]: item for item in self.server.get("/api/queue/items?page_size=200")}

    def item(self, episode: int) -> dict:
        return self.items()[episode]

    def ended(self, number: int) -> dict[int, dict] | None:
        """The items, once ``number`` of them are completed or failed."""
        items = self.items()
        return items if sum(one["status"] in ("completed", "failed") for one in items.values()) >= number else None

    def children(self) -> list[int]:
        """The transfers that run, and what they started."""
        return [pid for pid in self.server.tree() if b"aniworld.transfer" in command_line(pid)]

    def everything(self) -> list[int]:
        """Server and children, each killed at once by ``kill -9``: the server first, or it might say that a child
        died.
        """
        tree = self.server.tree()
        for pid in tree:
            kill(pid)
        if self.server.process is not None:
            self.server.process.wait(10)
        return tree

    def in_library(self) -> list[Path]:
        """Every file that a person would see, whatever its name."""
        seen = (place for place in self.library.iterdir() if not place.name.startswith("."))
        return [path for place in seen for path in (place, *place.rglob("*")) if path.is_file()]

    def unfinished(self) -> set[str]:
        return {item["id"] for item in self.items().values() if item["status"] != "completed"}

    def working_folders(self) -> set[str]:
        incoming = self.library / ".incoming"
        return {path.name for path in incoming.iterdir()} if incoming.is_dir() else set()

    def check_library(self) -> None:
        """Promise 3: what stands in the library plays from its first to its last frame."""
        for path in self.in_library():
            if path.suffix in (".mp4", ".mkv", ".webm", ".ts"):
                assert plays(path), path
            else:
                assert path.suffix not in (".part", ".tmp", ".new"), path

    def check_rest(self) -> None:
        """No process, slot or working file is left of items that have ended; what waits may keep its bytes."""
        until(lambda: not self.children(), 5)
        until(lambda: self.working_folders() <= self.unfinished(), 5)
        assert self.server.get("/api/queue/status")["active_downloads"] == []
        self.check_library()


def plays(path: Path) -> bool:
    """Whether ffmpeg decodes the whole file without a complaint."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode == 0 and not done.stderr.strip()


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def gone(pids: list[int]) -> bool:
    return not any(map(is_alive, pids))


class SmallDisk:
    """A disk of a few megabytes at ``place``; where this user may not mount one, the children's files are kept
    short.
    """

    def __init__(self, place: Path, megabytes: int) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.place = place
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
        self.mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0

    def fill(self, house: House) -> None:
        """From now on not one byte more fits."""
        if self.mounted:
            _fill(self.place / "filler")
            return
        for pid in house.children():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (100_000, 100_000))

    def make_room(self) -> None:
        (self.place / "filler").unlink(missing_ok=True)

    def read_only(self, whether: bool) -> None:
        if self.mounted:
            subprocess.run(["mount", "-o", f"remount,{'ro' if whether else 'rw'}", str(self.place)], check=True)
        else:
            self.place.chmod(0o555 if whether else 0o755)

    def take_off(self) -> None:
        """What lies beneath is seen again. May be called twice."""
        if self.mounted:
            self.mounted = False
            subprocess.run(["umount", "-l", str(self.place)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for step in (65536, 4096, 1):
            with suppress(OSError):
                while file.write(b"\0" * step):
                    pass
