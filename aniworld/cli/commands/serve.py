"""run, demo, worker: what stays until it is stopped."""

from __future__ import annotations

import importlib.util
import os
import socket
from dataclasses import replace
from pathlib import Path

import click

from aniworld.cli.serving import serve
from aniworld.core.errors import AlreadyRunning, Unavailable

PORT = click.IntRange(1, 65535)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for every one.")
@click.option("--port", type=PORT, default=5000, show_default=True)
@click.option("--demo", "on_demo", is_flag=True, help="Use the bundled demo catalogue.")
def run(host: str, port: int, on_demo: bool) -> int:
    """Start the server and print its address. Ctrl-C stops it; running downloads are put back."""
    return _demo(host, port, fresh=False) if on_demo else serve(instance(), host, port)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=PORT, default=5000, show_default=True)
@click.option("--fresh", is_flag=True, help="Begin anew; an earlier demo's library and queue go.")
def demo(host: str, port: int, fresh: bool) -> int:
    """Start the server on a bundled catalogue of invented series, and print address and password.

    It keeps what it does in a folder of its own: instance/demo, or the one of: aniworld --instance FOLDER demo
    """
    return _demo(host, port, fresh)


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 16), help="Episodes at a time, instead of the setting.")
@click.option("--name", help="What it is called in the cluster. [ANIWORLD_WORKER, or the machine's name]")
def worker(concurrency: int | None, name: str | None) -> int:
    """Download for a cluster: takes work from the queue that other machines share. Ctrl-C puts back what runs."""
    if not os.environ.get("ANIWORLD_REDIS_URL"):
        raise Unavailable(
            "A worker needs ANIWORLD_REDIS_URL, the Redis that all machines share; a single machine needs no worker,"
            " only: run"
        )
    if importlib.util.find_spec("celery") is None:
        raise Unavailable("A worker needs Celery; install it with: pip install celery redis")
    from aniworld.app import build_services  # see cli/opening.py
    from aniworld.config.environment import Environment
    from aniworld.services.cluster.worker_registry import worker_name
    from aniworld.services.health.log_files import set_up_logging
    from aniworld.workers.worker_process import run_worker  # Celery

    environment = Environment.read()
    called = worker_name(name or environment.worker or socket.gethostname())
    services = build_services(replace(environment, worker=called))
    set_up_logging(environment.instance / "logs" / f"worker-{called}", services.config.current.logging)
    try:
        return run_worker(services, called, concurrency)
    finally:
        services.close()


def instance() -> Path:
    return Path(os.environ.get("ANIWORLD_INSTANCE") or "instance").expanduser().absolute()


def _demo(host: str, port: int, fresh: bool) -> int:
    from aniworld.demo.runner import run_demo  # the demo comes with the whole application

    given = os.environ.get("ANIWORLD_INSTANCE")
    home = Path(given) if given else instance() / "demo"
    if home.joinpath("aniworld.db").exists():
        raise AlreadyRunning(
            f"{home} is a real instance; give the demo a folder of its own: aniworld --instance FOLDER demo"
        )
    return run_demo(home=home, host=host, port=port, fresh=fresh)
