"""The queue and the process in Prometheus' words. Loaded only where metrics are turned on."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from aniworld import __version__
from aniworld.services.registry import Services


def render(services: Services) -> bytes:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Queue(services))
    return generate_latest(registry)


class _Queue:
    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("aniworld", "This server.", {"version": __version__})
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
