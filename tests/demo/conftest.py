"""A running demo site, and the true parsers pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.core.addresses import AddressRule
from aniworld.demo.site import DemoSite
from aniworld.providers.fetch.client import Gate
from aniworld.providers.plugin_api.base import Catalogue, CatalogueSettings
from aniworld.providers.registry import Registry


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this run's videos are drawn, once."""
    return tmp_path_factory.mktemp("demo-media")


@pytest.fixture
def site(media: Path) -> Iterator[DemoSite]:
    made = DemoSite(media)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def registry(site: DemoSite) -> Iterator[Registry]:
    gate = Gate(rule=AddressRule.of(site.private_hosts), user_agent="Test", requests_per_second=50.0, timeout_s=10.0)
    yield Registry(gate, settings={"aniworld.to": CatalogueSettings(site.url)})
    gate.close()


@pytest.fixture
def catalogue(registry: Registry) -> Catalogue:
    return registry.catalogue("aniworld.to")
