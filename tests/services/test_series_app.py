"""SeriesApp: what scripts and the command line do with the library."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from aniworld.app import build_services
from aniworld.config.environment import Environment
from aniworld.core.errors import Unavailable
from aniworld.core.media import EpisodeNumber
from aniworld.models import AnimeSeries
from aniworld.services.series_app import SeriesApp


def test_a_queue_that_stood_stands_again_whatever_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    environment = Environment(instance=tmp_path / "instance", library=str(tmp_path / "library"))

    def lost() -> bool:
        raise Unavailable("The database does not answer.")

    with closing(build_services(environment)) as services:
        with services.database.writing() as session:
            session.add(AnimeSeries(key="nebel", name="Nebel", folder="Nebel"))
        with pytest.raises(Unavailable):
            SeriesApp(services).download("nebel", [EpisodeNumber(1, 1)], should_stop=lost)
        assert not services.downloads.status(limit=1).is_running
