"""Steps that bring stored settings of earlier versions up to date. Pure: settings as JSON in, settings as JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aniworld.core.sites import successor_of


@dataclass(frozen=True)
class Replaced:
    """An address in the settings that is dead, and the one that took its place."""

    old: str
    new: str


def without_dead_addresses(settings: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Replaced, ...]]:
    """The settings with dead default addresses of catalogues replaced, base and mirrors alike, and what was
    replaced.
    """
    catalogue = dict(settings.get("catalogue", {}))
    replaced: dict[str, Replaced] = {}

    def live(address: str) -> str:
        new = successor_of(address)
        if new:
            replaced[address] = Replaced(address, new)
        return new or address

    catalogue["base_url"] = live(catalogue.get("base_url", ""))
    catalogue["mirrors"] = list(dict.fromkeys(map(live, catalogue.get("mirrors", ()))))
    return ({**settings, "catalogue": catalogue} if replaced else dict(settings)), tuple(replaced.values())
