"""A child process's gate to the network and to other programs: an audit hook that nothing in the process can take off.

Every connection is judged at the moment of connecting, by the address that is really connected to, so that
redirects, odd spellings, changed DNS answers and libraries that resolve for themselves all pass the same gate.
A program is started only if it is the ffmpeg or ffprobe that was named at the start. See docs/decisions/0011.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterable
from typing import Any

from aniworld.core.addresses import AddressRule
from aniworld.core.errors import AddressRefused

_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTS = frozenset(
    {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "os.fork", "os.forkpty"}
)
_NAMES_KEPT = 4096


class Guard:
    """Installed once for each process, before the first address is touched. ``refused``: the last refusal, if any."""

    def __init__(self, rule: AddressRule, programs: Iterable[str] = ()) -> None:
        self._rule = rule
        self._programs = frozenset(programs)
        self._lock = threading.Lock()
        self._names: dict[str, set[str]] = {}
        self.refused: AddressRefused | None = None

    def install(self) -> None:
        self._remember_names()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _CONNECTS:
            self._check_address(args[1])
        elif event in _STARTS and str(args[0] if args else "") not in self._programs:
            raise PermissionError(f"{event} of another program is not allowed in this process.")

    def _check_address(self, address: Any) -> None:
        if not isinstance(address, tuple) or len(address) < 2:
            self._refuse("Only internet addresses are connected to.")
        host, port = str(address[0]), int(address[1])
        with self._lock:
            names = {host} | self._names.get(host, set())
        if not any(self._rule.allows(name, host, port) for name in names):
            known = sorted(names - {host})
            self._refuse(f"{known[0] if known else host} leads to {host}, a private address, and is not fetched.")

    def _refuse(self, sentence: str) -> None:
        self.refused = AddressRefused(sentence)
        raise self.refused

    def _remember_names(self) -> None:
        """Exceptions may be given by name, but a connection knows only the number that the name led to."""
        resolve = socket.getaddrinfo

        def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
            found = resolve(host, port, *args, **kwargs)
            if isinstance(host, str):
                self._learn(host.lower(), (str(entry[4][0]) for entry in found))
            return found

        socket.getaddrinfo = getaddrinfo

    def _learn(self, name: str, addresses: Iterable[str]) -> None:
        with self._lock:
            if len(self._names) > _NAMES_KEPT:
                self._names.clear()
            for address in addresses:
                self._names.setdefault(address, set()).add(name)
