"""Health, and what this server is made of."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app

from aniworld.core.errors import NotFound
from aniworld.services.container import Services
from aniworld.services.health.log_files import LogLine
from aniworld.services.health.system import SystemFacts
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer
from aniworld.web.http.problems import problem
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import LogQuery, WakeWish
from aniworld.web.schemas.responses import Health, Woken

LEVELS = ("ok", "notice", "warning", "error")

blueprint = Blueprint("system", __name__, url_prefix="/api", description="Health and facts.")


METRICS = "aniworld.metrics"


def install(app: Flask) -> None:
    """What stands outside of /api."""
    app.add_url_rule("/health", "health", alive, methods=["GET"])
    app.add_url_rule("/metrics", "metrics", metrics, methods=["GET"])


def count(app: Flask, services: Services) -> None:
    """Begins to count for ``/metrics`` where they are wanted; first of all, so that every request is counted whole."""
    if services.environment.metrics:
        from aniworld.web.api.metrics import Metrics  # the metrics' library, only where they are wanted

        app.extensions[METRICS] = Metrics(app, services)


@blueprint.get("/health")
@blueprint.response(200, Health)
def health() -> Response:
    """Each check, with what to do about it"""
    checks = services().system.checks()
    return answer({"status": max((check.level for check in checks), key=LEVELS.index, default="ok"), "checks": checks})


@blueprint.get("/system")
@blueprint.response(200, schema_of(SystemFacts))
def system() -> Response:
    """Version, parts, paths, workers and disk"""
    return answer(services().system.facts())


@blueprint.post("/system/wake")
@blueprint.arguments(WakeWish)
@blueprint.response(200, Woken)
def wake(wish: dict[str, Any]) -> Response:
    """Ask sources at rest again, and begin what waits for a later try"""
    return answer({"woken": services().waking.wake(wish.get("site"))})


@blueprint.get("/system/log")
@blueprint.arguments(LogQuery, location="query")
@blueprint.response(200, schema_of(LogLine)(many=True))
def log(query: dict[str, Any]) -> Response:
    """The newest lines of the log, newest first"""
    return answer(services().system.log(**query))


def alive() -> Response:
    """Whether the server lives: for balancers and containers, without signing in."""
    trouble = services().system.trouble()
    return answer({"status": "ok"}) if trouble is None else problem(503, str(trouble), "database")


def metrics() -> Response:
    counted = current_app.extensions.get(METRICS)
    if counted is None:
        raise NotFound("Metrics are off; ANIWORLD_METRICS=true turns them on.")
    return Response(counted.render(), content_type="text/plain; version=0.0.4; charset=utf-8")
