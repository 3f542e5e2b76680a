"""The public import paths and forms that programs outside of this repository use."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from aniworld import Serie
from aniworld.core.errors import InvalidInput

GIVEN = {
    "aniworld.app": ("create_app",),
    "aniworld": (
        "SeriesApp",
        "SerieScanner",
        "SerieList",
        "Serie",
        "CallbackManager",
        "ProgressCallback",
        "ErrorCallback",
        "CompletionCallback",
    ),
    "aniworld.services": ("QueueRepository", "AnimeSeriesService", "DataMigrationService"),
    "aniworld.models": (
        "AnimeSeries",
        "Episode",
        "DownloadQueueItem",
        "UserSession",
        "TimestampMixin",
        "SoftDeleteMixin",
        "DownloadStatus",
        "DownloadPriority",
    ),
    "aniworld.library.names.parser": ("read_name",),
    "aniworld.core.media": ("EpisodeNumber",),
    "aniworld.core.keys": ("key_from_slug",),
    "aniworld.core.errors": ("AniworldError",),
    "aniworld.providers.plugin_api.base": ("Catalogue", "Hoster"),
    "aniworld.providers.plugin_api.testkit": (),
    "aniworld.core.validators": (
        "validate_series_key",
        "validate_series_key_or_folder",
        "validate_series_name",
        "validate_episode_range",
        "validate_download_quality",
        "validate_language",
        "validate_anime_url",
        "validate_backup_name",
        "validate_config_data",
        "sanitize_filename",
    ),
    "aniworld.web.i18n.formatting": (
        "get_base_context",
        "render_template",
        "validate_template_exists",
        "list_available_templates",
        "prepare_series_context",
        "get_series_by_key",
        "filter_series_by_missing_episodes",
    ),
}


@pytest.mark.parametrize("module", GIVEN)
def test_given_names_are_imported_from_a_fresh_interpreter(module: str) -> None:
    code = "".join(f"from {module} import {name}\n" for name in GIVEN[module]) or f"import {module}\n"
    subprocess.run([sys.executable, "-W", "error::ImportWarning", "-c", code], check=True, timeout=60)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(ImportError, match="Nothing"):
        exec("from aniworld import Nothing")


def test_a_series_in_the_old_form_round_trips_through_its_file(tmp_path: Path) -> None:
    serie = Serie("attack-on-titan", "Attack on Titan", "aniworld.to", "Attack on Titan (2013)", {1: [2, 1], 0: [3]})
    assert serie.episodeDict == {0: [3], 1: [1, 2]}
    with pytest.warns(DeprecationWarning, match=r"SerieList\.add_to_db"):
        serie.save_to_file(tmp_path / "data")
    with pytest.warns(DeprecationWarning, match=r"DataMigrationService\.migrate_data_file"):
        loaded = Serie.load_from_file(tmp_path / "data")
    assert loaded.to_dict() | {"folder": serie.folder} == serie.to_dict()
    assert Serie.from_dict(serie.to_dict()).to_dict() == serie.to_dict()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": "../x"}', '{"name": "x"}', "\x00" * 100])
def test_a_broken_series_file_is_refused_with_a_reason(tmp_path: Path, text: str) -> None:
    (tmp_path / "data").write_text(text, "utf-8")
    with pytest.warns(DeprecationWarning), pytest.raises(InvalidInput):
        Serie.load_from_file(tmp_path / "data")


@pytest.mark.parametrize("key", ["", "../x", "a b", "ä", None, 5])
def test_a_series_with_an_invalid_key_is_refused(key: object) -> None:
    with pytest.raises(InvalidInput):
        Serie(key, "Name", "aniworld.to", "Folder")  # type: ignore[arg-type]


FORMER = {
    "aniworld.providers.base": ("aniworld.providers.plugin_api.base", "Catalogue"),
    "aniworld.providers.testkit": ("aniworld.providers.plugin_api.testkit", "CatalogueContract"),
    "aniworld.providers.obstacles": ("aniworld.providers.fetch.browser_checks", "check_obstacle"),
}


@pytest.mark.parametrize("former", FORMER)
def test_a_former_path_of_the_plug_in_guide_gives_the_same_and_names_the_new_one(former: str) -> None:
    module, name = FORMER[former]
    sys.modules.pop(former, None)
    with pytest.warns(DeprecationWarning, match=module):
        old = importlib.import_module(former)
    assert getattr(old, name) is getattr(importlib.import_module(module), name)
