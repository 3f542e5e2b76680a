"""A service of the private network that must not be touched, and every way of writing its address."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any, Self

ADDRESS = "127.0.0.2"  # another address of this machine than the one on which the honest sites of the tests live

FORMS = (
    "http://127.0.0.2:{port}/",
    "http://127.2:{port}/",
    "http://2130706434:{port}/",
    "http://0x7f000002:{port}/",
    "http://0x7f.0.0.2:{port}/",
    "http://0177.0.0.2:{port}/",
    "http://017700000002:{port}/",
    "http://127.0.2:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0:{port}/",
    "http://[::]:{port}/",
    "http://[::1]:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST.:{port}/",
    "http://[::ffff:127.0.0.2]:{port}/",
    "http://[::ffff:7f00:2]:{port}/",
    "http://[::127.0.0.2]:{port}/",
    "http://[64:ff9b::7f00:2]:{port}/",
    "http://[2002:7f00:2::]:{port}/",
    "http://[fec0::1]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://①②⑦.⓪.⓪.②:{port}/",
    "http://127。0。0。2:{port}/",
    "http://user@127.0.0.2:{port}/",
    "http://public.example@127.0.0.2:{port}/",
    "http://127.0.0.2:{port}#@public.example/",
    "http://public.example\\@127.0.0.2:{port}/",
    "http://127.0.0.2:{port}\\.public.example/",
    "http:///127.0.0.2:{port}/",
    "http://%31%32%37.0.0.2:{port}/",
    "http://127.0.0.2:{port}%2f.public.example/",
    "HTTP://127.0.0.2:{port}/",
    "http://10.0.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.1.1/",
    "http://224.0.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.2:{port}/",
    "gopher://127.0.0.2:{port}/_x",
    "dict://127.0.0.2:{port}/",
    "data:text/html,x",
)

WRAPPERS = (
    "127.0.0.2",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.2",
    "::ffff:127.0.0.2",
    "::ffff:0:127.0.0.2",
    "64:ff9b::7f00:2",
    "64:ff9b:1::7f00:2",
    "2002:7f00:2::",
    "2001::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)


class Victim:
    """Counts whoever connects. Use it in a ``with`` block."""

    def __enter__(self) -> Self:
        self._listener = socket.create_server((ADDRESS, 0))
        self.port = self._listener.getsockname()[1]
        self.heard = 0
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._listener.close()

    def form(self, text: str) -> str:
        return text.replace("{port}", str(self.port))

    def _listen(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self.heard += 1
            visitor.close()


def resolver_of(*answers: str) -> Callable[..., list[tuple[Any, ...]]]:
    """A resolver that gives the first answer first, and the last one ever after."""
    left = list(answers)

    def resolve(host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        ip = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (ip, port, 0, 0) if ":" in ip else (ip, port))]

    return resolve
