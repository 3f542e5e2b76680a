"""Serie: a series in the shape that programs written for older versions know."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aniworld.core.errors import InvalidInput

from .data_files import LegacySeries, Unreadable, legacy_series, read_series


class Serie:
    """``episodeDict``: season → numbers of missing episodes. ``folder`` is for the disk only; ``key`` identifies the series.

    Raises InvalidInput for an invalid key.
    """

    def __init__(
        self,
        key: str,
        name: str,
        site: str,
        folder: str,
        episodeDict: Mapping[int | str, Iterable[int]] | None = None,  # noqa: N803 - the file's own field
    ) -> None:
        stated = {str(season): list(numbers) for season, numbers in (episodeDict or {}).items()}
        self.facts: LegacySeries = legacy_series(key, name, site, folder, stated)

    @property
    def key(self) -> str:
        return self.facts.key

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def site(self) -> str:
        return self.facts.site

    @property
    def folder(self) -> str:
        return self.facts.folder

    @property
    def episodeDict(self) -> dict[int, list[int]]:  # noqa: N802 - the file's own field
        return {season: list(numbers) for season, numbers in (self.facts.missing or {}).items()}

    def to_dict(self) -> dict[str, Any]:
        """The fields of a ``data`` file; seasons are text, as JSON's names are."""
        episodes = {str(season): numbers for season, numbers in self.episodeDict.items()}
        return {
            "key": self.key,
            "name": self.name,
            "site": self.site,
            "folder": self.folder,
            "episodeDict": episodes,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Serie:
        """Raises InvalidInput for a mapping without a valid key."""
        texts = (data.get(name) for name in ("key", "name", "site", "folder"))
        key, name, site, folder = (text if isinstance(text, str) else "" for text in texts)
        return cls(key, name, site, folder, data.get("episodeDict") or {})

    def save_to_file(self, filename: str | Path) -> None:
        """Deprecated: series are kept in the database; use ``SerieList.add_to_db``."""
        _warn("Serie.save_to_file", "SerieList.add_to_db")
        Path(filename).write_text(json.dumps(self.to_dict(), ensure_ascii=False, indent=2), encoding="utf-8")

    @classmethod
    def load_from_file(cls, filename: str | Path) -> Serie:
        """Deprecated: use ``DataMigrationService.migrate_data_file``. Raises InvalidInput for a file that cannot be read."""
        _warn("Serie.load_from_file", "DataMigrationService.migrate_data_file")
        facts = read_series(Path(filename))
        if isinstance(facts, Unreadable):
            raise InvalidInput(f"{Path(filename).name} cannot be used as a series file: {facts.reason}")
        return cls(facts.key, facts.name, facts.site, facts.folder, facts.missing or {})


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is deprecated; use {new} instead.", DeprecationWarning, stacklevel=3)
