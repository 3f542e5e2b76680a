"""What this server does, in Prometheus' words. Loaded only where metrics are turned on; docs/monitoring.md explains
each.

Every label has few values: states, results, route templates, checks. Never a series, a title or an address.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from sqlalchemy import case, func, select

from aniworld import __version__
from aniworld.core.events import CatalogueResting, DownloadComplete, DownloadFailed, Event
from aniworld.models import AnimeSeries, Episode
from aniworld.services.container import Services
from aniworld.web.live import ROOMS

LEVELS = {"ok": 0, "notice": 1, "warning": 2, "error": 3}
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SIZES = (1e7, 5e7, 1e8, 2.5e8, 5e8, 1e9, 2.5e9, 1e10)
TAKEN = (10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0)
_BEGAN = "aniworld_request_began"


class Metrics:
    """Counts from the moment it is made; ``render`` says it all. ``app``: its requests are counted."""

    def __init__(self, app: Flask, services: Services) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Present(app, services))
        self._requests = Counter(
            "aniworld_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "aniworld_http_request_seconds",
            "Time until an answer began.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self._downloads = Counter("aniworld_downloads", "Attempts that ended.", ["result"], registry=registry)
        self._bytes = Counter("aniworld_downloaded_bytes", "Bytes of whole episodes.", registry=registry)
        self._sizes = Histogram("aniworld_episode_bytes", "Sizes of whole episodes.", buckets=SIZES, registry=registry)
        self._taken = Histogram(
            "aniworld_download_seconds", "From the claim to the library.", buckets=TAKEN, registry=registry
        )
        self._rests = Counter("aniworld_source_rests", "Times that a source began to rest.", registry=registry)
        for result in ("completed", "failed", "retried"):
            self._downloads.labels(result)
        services.bus.subscribe(self.hear)
        app.before_request(_note_the_time)
        app.after_request(self.count)

    def render(self) -> bytes:
        return generate_latest(self._registry)

    def hear(self, event: Event) -> None:
        match event:
            case DownloadComplete():
                self._downloads.labels("completed").inc()
                self._bytes.inc(event.size_bytes)
                self._sizes.observe(event.size_bytes)
                self._taken.observe(event.duration_seconds)
            case DownloadFailed():
                self._downloads.labels("retried" if event.will_retry else "failed").inc()
            case CatalogueResting():
                self._rests.inc()

    def count(self, response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule is not None else "none"
        self._requests.labels(request.method if request.url_rule else "any", route, response.status_code).inc()
        began = g.pop(_BEGAN, None)
        if began is not None:
            self._seconds.labels(route).observe(time.perf_counter() - began)
        return response


def _note_the_time() -> None:
    setattr(g, _BEGAN, time.perf_counter())


class _Present:
    """What is so at the moment of asking."""

    def __init__(self, app: Flask, services: Services) -> None:
        self._app = app
        self._services = services

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("aniworld", "This server.", {"version": __version__})
        yield from self._queue()
        yield from self._library()
        yield from self._scan()
        checks = GaugeMetricFamily("aniworld_health", "0 ok, 1 notice, 2 warning, 3 error.", labels=["check"])
        for name, level in _worst(self._services).items():
            checks.add_metric([name], level)
        yield checks
        connections = self._app.extensions[ROOMS].connections
        yield GaugeMetricFamily("aniworld_live_connections", "Open Socket.IO and WebSocket connections.", connections)

    def _queue(self) -> Iterator[Metric]:
        status = self._services.downloads.status(limit=0)
        facts = status.statistics
        items = GaugeMetricFamily("aniworld_queue_items", "Queue items by state.", labels=["status"])
        for state in ("pending", "active", "completed", "failed"):
            items.add_metric([state], getattr(facts, state))
        yield items
        yield GaugeMetricFamily("aniworld_queue_running", "1 while items begin.", int(status.is_running))
        yield GaugeMetricFamily("aniworld_queue_paused", "1 while transfers halt.", int(status.is_paused))
        yield GaugeMetricFamily("aniworld_speed_bits", "Speed of all downloads, bits a second.", facts.speed_mbps * 1e6)
        yield GaugeMetricFamily("aniworld_disk_free_bytes", "Free under the library.", facts.disk_free_bytes or 0)

    def _library(self) -> Iterator[Metric]:
        there, missing = Episode.file.is_not(None), Episode.file.is_(None) & Episode.available
        query = (
            select(func.count(AnimeSeries.id.distinct()), func.count(case((there, 1))), func.count(case((missing, 1))))
            .select_from(AnimeSeries)
            .join(Episode, isouter=True)
            .where(AnimeSeries.deleted_at.is_(None))
        )
        with self._services.database.reading() as session:
            series, present, lacking = session.execute(query).one()
        yield GaugeMetricFamily("aniworld_library_series", "Series in the library.", series)
        episodes = GaugeMetricFamily("aniworld_library_episodes", "Episodes by state.", labels=["state"])
        episodes.add_metric(["present"], present)
        episodes.add_metric(["missing"], lacking)
        yield episodes

    def _scan(self) -> Iterator[Metric]:
        last = self._services.scan.status()
        yield GaugeMetricFamily("aniworld_scan_running", "1 while a scan runs.", int(last.status == "running"))
        yield GaugeMetricFamily("aniworld_scan_warnings", "Warnings of the last scan.", len(last.warnings))
        if last.started_at and last.completed_at:
            seconds = (last.completed_at - last.started_at).total_seconds()
            yield GaugeMetricFamily("aniworld_scan_seconds", "How long the last scan took.", seconds)
            ended = last.completed_at.timestamp()
            yield GaugeMetricFamily("aniworld_scan_ended_timestamp_seconds", "When the last scan ended.", ended)


def _worst(services: Services) -> dict[str, int]:
    """The level of each check; of several with one name the worst."""
    found: dict[str, int] = {}
    for check in services.system.checks():
        found[check.name] = max(found.get(check.name, 0), LEVELS[check.level])
    return found
