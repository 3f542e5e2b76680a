"""How gunicorn serves Aniworld: one gevent worker. Read by itself when gunicorn starts in this folder."""

import gc
import json
import os
import signal
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus

import gevent
from gevent import Greenlet
from gevent.event import Event
from gevent.pool import Pool
from gevent.server import StreamServer
from gunicorn.http import errors
from gunicorn.workers.ggevent import GeventWorker

# The first that fits counts.
REFUSALS = (
    (
        (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName),
        500,
        "Something went wrong inside; the server's log says what.",
    ),
    (errors.LimitRequestLine, 414, "The address is longer than 4094 characters."),
    (errors.LimitRequestHeaders, 431, "The request has more or longer headers than this server reads."),
    (errors.ExpectationFailed, 417, "This server meets no expectation but 100-continue."),
    (errors.UnsupportedTransferCoding, 501, "Send the body plain or chunked."),
    (errors.ForbiddenProxyRequest, 403, "The request is refused."),
    (errors.ParseException, 400, "The request is no HTTP that this server understands."),
    (Exception, 500, "Something went wrong inside; the server's log says what."),
)


LIVE = ("/socket.io", "/ws/")  # requests that last as long as their client likes
FINISH_WITHIN_S = 2.0  # what other requests have for their answer once a stop is asked for


class Worker(GeventWorker):
    """A request that is none never reaches the application; it is refused in the same form as others under /api.

    A stop closes idle and live connections at once and waits for nothing but answers that are being written; gunicorn's
    own loop looks once a second, and for connections that stay open until its time is over.
    """

    def init_process(self) -> None:
        self._stop_asked = Event()
        self._connections: dict[Greenlet, str] = {}  # and the path that is answered now
        super().init_process()

    def run(self) -> None:
        servers = []
        for listener in self.sockets:
            listener.setblocking(1)
            server = StreamServer(listener, handle=partial(self.handle, listener), spawn=Pool(self.worker_connections))
            server.start()
            servers.append(server)
        while self.alive:
            self.notify()
            self._stop_asked.wait(1.0)
        for server in servers:
            server.close()
        deadline = time.monotonic() + FINISH_WITHIN_S
        while self._connections and time.monotonic() < deadline:
            self._let_go()
            self.notify()
            gevent.sleep(0.02)
        for server in servers:
            server.stop(timeout=0.2)

    def handle_exit(self, sig, frame) -> None:
        super().handle_exit(sig, frame)
        self._stop_asked.set()

    def handle(self, listener, client, addr) -> None:
        here = gevent.getcurrent()
        self._connections[here] = ""
        try:
            super().handle(listener, client, addr)
        finally:
            self._connections.pop(here, None)

    def handle_request(self, listener_name, req, sock, addr):
        here = gevent.getcurrent()
        self._connections[here] = req.path or "/"
        try:
            super().handle_request(listener_name, req, sock, addr)
        finally:
            self._connections[here] = ""
        if not self.alive:
            raise StopIteration  # no further request is read from this connection

    def _let_go(self) -> None:
        """Ends the connections that wait for a request, and the live ones."""
        for greenlet, path in list(self._connections.items()):
            if not path or path.startswith(LIVE):
                greenlet.kill(block=False)

    def handle_error(self, req, client, addr, exc) -> None:
        if isinstance(exc, gevent.GreenletExit):  # the server stops
            return
        if isinstance(exc, OSError):  # of the connection
            super().handle_error(req, client, addr, exc)
            return
        status, detail = next((status, detail) for kind, status, detail in REFUSALS if isinstance(exc, kind))
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.exception("A request could not be answered")  # noqa: LOG004 - gunicorn calls this while it handles the error
        else:  # nothing that a stranger wrote goes into the log
            self.log.warning(
                "Refused a request of %s with %s (%s)", addr[0] if addr else "-", status, type(exc).__name__
            )
        with suppress(OSError):
            client.sendall(_refusal(status, detail))


def _refusal(status: int, detail: str) -> bytes:
    from aniworld.web.security.headers import (
        BARE,  # in the worker, where gevent has patched everything before it is loaded
    )

    title = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}) + "\n"
    head = (
        f"HTTP/1.1 {status} {title}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in BARE.items()),
    )
    return "\r\n".join((*head, "", body)).encode("ascii")


worker_class = Worker
workers = 1
bind = os.environ.get("ANIWORLD_BIND", "127.0.0.1:5000")
graceful_timeout = 6  # a limit, not a wait: a stop takes as long as its slowest part
timeout = 120
keepalive = 30
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # the heartbeat must not wait on a disk
proc_name = "aniworld"
# Who speaks for whom is decided by the application (web/security/trusted_hosts.py), not by gunicorn for this machine.
forwarded_allow_ips = ""
secure_scheme_headers = {}
forwarder_headers = ""
control_socket_disable = True  # it would lie in the home folder of whoever starts the server


def pre_fork(server, worker) -> None:
    """The collector, which writes into all that it looks at, leaves alone what the worker has from its arbiter: so both
    go on sharing it."""
    gc.freeze()


def post_fork(server, worker) -> None:
    """A worker whose arbiter is killed would go on for seconds, with the port and the instance in its hands."""
    from aniworld.core.parent import die_with_parent

    die_with_parent()


def post_worker_init(worker) -> None:
    """Running downloads go back to the queue at once when a stop is asked for, not after the last open socket."""
    import gevent

    runtime = _runtime(worker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT) if runtime else ():
        before = signal.getsignal(number)

        def asked(received, frame, before=before):
            gevent.spawn(runtime.stop)
            before(received, frame)

        signal.signal(number, asked)


def worker_exit(server, worker) -> None:
    """Nothing is asked any more: what runs is put back, and the database becomes one whole file."""
    runtime = _runtime(worker)
    if runtime:
        runtime.stop()
        worker.wsgi.extensions["aniworld"].close()


def _runtime(worker):
    return getattr(getattr(worker, "wsgi", None), "extensions", {}).get("aniworld.runtime")
