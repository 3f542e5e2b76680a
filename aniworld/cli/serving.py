"""The server in this process: gunicorn with one gevent worker; gevent's own server where there is no gunicorn."""

from __future__ import annotations

import errno
import os
import runpy
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from aniworld.config.instance import make_instance
from aniworld.core.errors import AniworldError, Unavailable
from aniworld.workers.instance_lock import InstanceLock

STOP_WITHIN_S = 4
REFUSED = 4  # what a worker ends with that cannot start and has said why (wsgi.py)
CHECKOUT = Path(__file__).resolve().parents[2]


def serve(instance: Path, host: str, port: int) -> int:
    """Serves until SIGINT or SIGTERM and gives the exit code.

    Raises AlreadyRunning when another server has the instance, StorageError where its folder cannot be used,
    Unavailable when the port is taken.
    """
    make_instance(instance)
    if InstanceLock.is_held(instance):
        InstanceLock(instance).take()  # raises, and names the other process
    _check_port(host, port)
    os.environ["ANIWORLD_INSTANCE"] = str(instance)
    if str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))
    return _with_gevent(host, port) if os.name == "nt" else _with_gunicorn(host, port)


def address(host: str, port: int) -> str:
    """What a person opens in a browser on this machine."""
    name = "127.0.0.1" if host in ("0.0.0.0", "") else "[::1]" if host == "::" else f"[{host}]" if ":" in host else host  # noqa: S104 - compares
    return f"http://{name}:{port}"


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Unavailable(f"Port {port} is taken by another program; choose another with --port.") from None
            raise Unavailable(f"This machine cannot listen on {host} port {port}: {error.strerror}.") from None


def _with_gunicorn(host: str, port: int) -> int:
    from gunicorn.app.base import BaseApplication  # only for a server
    from gunicorn.glogging import Logger

    class Quiet(Logger):  # type: ignore[misc]
        """Gunicorn's log, without its own words about a worker that refused to start and said why itself."""

        refused = False

        def error(self, msg: str, *args: object, **more: object) -> None:
            self.refused = self.refused or ("exited with code" in msg and args[-1:] == (REFUSED,))
            if not self.refused:
                super().error(msg, *args, **more)

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in _settings(host, port).items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)
            self.cfg.set("logger_class", Quiet)

        def load(self) -> Any:
            from wsgi import app  # in the worker: patches, builds, starts

            return app

    arbiter = os.getpid()
    try:
        Server().run()
    except SystemExit as ended:
        if os.getpid() != arbiter:  # a worker: the arbiter reads its exit code
            raise
        if ended.code == REFUSED:
            return 1
        if ended.code:
            raise AniworldError("The server could not start; the lines above say why.") from None
    return 0


def _settings(host: str, port: int) -> dict[str, Any]:
    """What gunicorn.conf.py says, with the address that was asked for."""
    shared = runpy.run_path(str(CHECKOUT / "gunicorn.conf.py"))

    def ready(worker: Any) -> None:
        shared["post_worker_init"](worker)
        print(f"Aniworld runs at {address(host, port)} (Ctrl-C stops it)", flush=True)

    return {
        **shared,
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "loglevel": "warning",
        "post_worker_init": ready,
    }


def _with_gevent(host: str, port: int) -> int:
    from gevent import monkey

    monkey.patch_all()
    from gevent.pywsgi import WSGIServer

    from wsgi import app

    server = WSGIServer((host, port), app, log=None)
    print(f"Aniworld runs at {address(host, port)} (Ctrl-C stops it)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.stop(timeout=STOP_WITHIN_S)
    return 0
