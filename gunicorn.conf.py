"""How gunicorn serves Aniworld: one gevent worker. Read by itself when gunicorn starts in this folder."""

import os
import signal

worker_class = "gevent"
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
