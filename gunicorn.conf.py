"""How gunicorn serves Aniworld: one gevent worker. Read by itself when gunicorn starts in this folder."""

import gc
import json
import os
import signal
from contextlib import suppress
from http import HTTPStatus

from gunicorn.http import errors
from gunicorn.workers.ggevent import GeventWorker

# The first that fits counts.
REFUSALS = (
    ((errors.InvalidResponseHeader, errors.InvalidResponseHeaderName), 500, "Something went wrong inside; the server's log says what."),
    (errors.LimitRequestLine, 414, "The address is longer than 4094 characters."),
    (errors.LimitRequestHeaders, 431, "The request has more or longer headers than this server reads."),
    (errors.ExpectationFailed, 417, "This server meets no expectation but 100-continue."),
    (errors.UnsupportedTransferCoding, 501, "Send the body plain or chunked."),
    (errors.ForbiddenProxyRequest, 403, "The request is refused."),
    (errors.ParseException, 400, "The request is no HTTP that this server understands."),
    (Exception, 500, "Something went wrong inside; the server's log says what."),
)  # fmt: skip


class Worker(GeventWorker):
    """A request that is none never reaches the application; it is refused in the same form as others under /api."""

    def handle_error(self, req, client, addr, exc) -> None:
        if isinstance(exc, OSError):  # of the connection
            super().handle_error(req, client, addr, exc)
            return
        status, detail = next((status, detail) for kind, status, detail in REFUSALS if isinstance(exc, kind))
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.exception("A request could not be answered")
        else:  # nothing that a stranger wrote goes into the log
            self.log.warning(
                "Refused a request of %s with %s (%s)", addr[0] if addr else "-", status, type(exc).__name__
            )
        with suppress(OSError):
            client.sendall(_refusal(status, detail))


def _refusal(status: int, detail: str) -> bytes:
    from aniworld.web.headers import BARE  # in the worker, where gevent has patched everything before it is loaded

    title = HTTPStatus(status).phrase
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}) + "\n"
    head = (
        f"HTTP/1.1 {status} {title}", "Connection: close", "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in BARE.items()),
    )  # fmt: skip
    return "\r\n".join((*head, "", body)).encode("ascii")


worker_class = Worker
workers = 1
bind = os.environ.get("ANIWORLD_BIND", "127.0.0.1:5000")
graceful_timeout = 3
timeout = 120
keepalive = 30
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # the heartbeat must not wait on a disk
proc_name = "aniworld"
# Who speaks for whom is decided by the application's own gate (web/hosts.py), not by gunicorn for all of this machine.
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
    runtime = _runtime(worker)
    if runtime:
        runtime.stop()


def _runtime(worker):
    return getattr(getattr(worker, "wsgi", None), "extensions", {}).get("aniworld.runtime")
