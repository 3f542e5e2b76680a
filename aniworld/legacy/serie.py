"""Serie: a series in the shape that programs written for older versions know."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aniworld.core.errors import InvalidInput
from aniworld.legacy.data_files import LegacySeries, Unreadable, legacy_series, read_series


class Serie:
    """``episodeDict``: season → numbers of missing episodes; assign it to change it. ``folder`` is for the disk only;
    ``key`` identifies the series.

    All but ``key`` can be assigned. Raises InvalidInput for an invalid key.
    """

    def __init__(
        self,
        key: str,
        name: str,
        site: str,
        folder: str,
        episodeDict: Mapping[int, Iterable[int]] | Mapping[int | str, Iterable[int]] | None = None,  # noqa: N803 - the file's own field
    ) -> None:
        self._stated_key = key
        self.facts = self._facts(name, site, folder, episodeDict or {})

    def _facts(
        self,
        name: str,
        site: str,
        folder: str,
        episodes: Mapping[int, Iterable[int]] | Mapping[int | str, Iterable[int]],
    ) -> LegacySeries:
        stated = {str(season): list(numbers) for season, numbers in episodes.items()}
        return legacy_series(self._stated_key, name, site, folder, stated)

    def __repr__(self) -> str:
        return (
            f"Serie(key={self.key!r}, name={self.name!r}, site={self.site!r}, folder={self.folder!r}, "
            f"episodeDict={self.episodeDict!r})"
        )

    @property
    def key(self) -> str:
        """It cannot be changed: another key is another series."""
        return self.facts.key

    @property
    def name(self) -> str:
        return self.facts.name

    @name.setter
    def name(self, name: str) -> None:
        self.facts = self._facts(_text("name", name), self.site, self.folder, self.episodeDict)

    @property
    def site(self) -> str:
        return self.facts.site

    @site.setter
    def site(self, site: str) -> None:
        self.facts = self._facts(self.name, _text("site", site), self.folder, self.episodeDict)

    @property
    def folder(self) -> str:
        return self.facts.folder

    @folder.setter
    def folder(self, folder: str) -> None:
        self.facts = self._facts(self.name, self.site, _text("folder", folder), self.episodeDict)

    @property
    def episodeDict(self) -> dict[int, list[int]]:  # noqa: N802 - the file's own field
        return {season: list(numbers) for season, numbers in (self.facts.missing or {}).items()}

    @episodeDict.setter
    def episodeDict(self, episodes: Mapping[int | str, Iterable[int]]) -> None:  # noqa: N802 - the file's own field
        if not isinstance(episodes, Mapping) or not all(
            isinstance(numbers, Iterable) and not isinstance(numbers, str) for numbers in episodes.values()
        ):
            message = "episodeDict maps each season to a list of episode numbers."
            raise InvalidInput(message, {"episodeDict": [message]})
        self.facts = self._facts(self.name, self.site, self.folder, episodes)

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
        """Deprecated: use ``DataMigrationService.migrate_data_file``. Raises InvalidInput for a file that cannot be
        read.
        """
        _warn("Serie.load_from_file", "DataMigrationService.migrate_data_file")
        facts = read_series(Path(filename))
        if isinstance(facts, Unreadable):
            raise InvalidInput(f"{Path(filename).name} cannot be used as a series file: {facts.reason}")
        return cls(facts.key, facts.name, facts.site, facts.folder, facts.missing or {})


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"{field} must be text.", {field: [f"{field} must be text."]})
    return value


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is deprecated; use {new} instead.", DeprecationWarning, stacklevel=3)
