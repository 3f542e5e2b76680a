"""The demo catalogue as a running site: two hosts on loopback, one for the catalogue and one for its hosters.

In this process: ``DemoSite(folder).start()``. As a process of its own: ``python -m aniworld.demo.site --port 8800``.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import MutableSequence, Sequence
from pathlib import Path
from typing import Self

from aniworld.demo.answers import Catalogue, Hosters
from aniworld.demo.catalogue import CATALOGUE
from aniworld.demo.clips import Clips
from aniworld.demo.facts import DemoSeries
from aniworld.demo.faults import Fault
from aniworld.demo.server import Host, Seen

KEPT_REQUESTS = 20_000


class DemoSite:
    """Catalogue and hosters, each on a free port unless told. ``throttle``: bytes a second for one media connection.

    ``requests`` are the latest requests to both hosts, oldest first. ``fault`` and ``heal`` work while it runs.
    """

    hosters = Hosters  # what answers for the hosters

    def __init__(
        self,
        media: Path | None = None,
        *,
        port: int = 0,
        hoster_port: int = 0,
        throttle: int | None = None,
        catalogue: Sequence[DemoSeries] = CATALOGUE,
        ffmpeg: str | None = None,
    ) -> None:
        self.requests: MutableSequence[Seen] = deque(maxlen=KEPT_REQUESTS)
        self.clips = Clips(media or media_folder(), ffmpeg)
        self.throttle = throttle
        self._catalogue = tuple(catalogue)
        self._ports = (port, hoster_port)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._hosts: tuple[Host, ...] = ()
        self.url = self.hoster_url = ""

    @property
    def private_hosts(self) -> tuple[str, str]:
        """Both hosts in the form of ANIWORLD_PRIVATE_HOSTS."""
        return self.url.removeprefix("http://"), self.hoster_url.removeprefix("http://")

    def start(self) -> str:
        """Begins to answer; what you get is the catalogue's base address. Raises OSError when a port is taken."""
        hosters = Host("hosters", self._ports[1], self, self.hosters(self._catalogue, self.clips).answer)
        try:
            catalogue = Host("catalogue", self._ports[0], self, Catalogue(self._catalogue, hosters.url).answer)
        except OSError:
            hosters.server_close()
            raise
        self._hosts = (hosters, catalogue)
        for host in self._hosts:
            host.start()
        self.url, self.hoster_url = catalogue.url, hosters.url
        return self.url

    def stop(self) -> None:
        for host in reversed(self._hosts):
            host.stop()
        self._hosts = ()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fault(self, path: str = "/", **what: object) -> Fault:
        """Switches a Fault on; the latest that fits a path counts."""
        fault = Fault(path, **what)  # type: ignore[arg-type]
        with self._lock:
            self._faults.insert(0, fault)
        return fault

    def heal(self, fault: Fault | None = None) -> None:
        """Switches one fault off, or all."""
        with self._lock:
            self._faults = [one for one in self._faults if fault is not None and one is not fault]

    def fault_for(self, path: str) -> Fault | None:
        """The fault that this request shall meet, counted as used."""
        with self._lock:
            for one in self._faults:
                if path.startswith(one.path) and one.times != 0:
                    one.times = None if one.times is None else one.times - 1
                    return one
        return None


def media_folder() -> Path:
    """Where the demo's videos are kept for the next time."""
    from platformdirs import user_cache_path  # only when nobody names a folder

    return user_cache_path("aniworld") / "demo-media"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until SIGINT or SIGTERM; the first line on stdout is JSON with the addresses."""
    import argparse
    import json
    import signal

    parser = argparse.ArgumentParser(prog="python -m aniworld.demo.site", description="The demo catalogue on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--hoster-port", type=int, default=0)
    parser.add_argument("--media", type=Path, default=None, help="where videos are kept")
    parser.add_argument("--throttle", type=int, default=None, help="bytes a second for one connection")
    options = parser.parse_args(arguments)
    site = DemoSite(options.media, port=options.port, hoster_port=options.hoster_port, throttle=options.throttle)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    site.start()
    print(json.dumps({"url": site.url, "hosters": site.hoster_url, "private_hosts": site.private_hosts}), flush=True)
    ended.wait()
    site.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
