"""A list of videos states no languages: its links fit every wish, but never go before one that states a wanted one."""

from __future__ import annotations

from aniworld.core.media import HosterLink
from aniworld.services.resolving import in_order


def link(language: str) -> HosterLink:
    return HosterLink("Host", language, f"http://host/{language or 'unstated'}", "")


def test_a_link_without_a_language_fits_every_wish_last() -> None:
    links = [link(""), link("eng-sub"), link("ger-dub")]
    assert [one.language for one in in_order(links, ["ger-dub"], [])] == ["ger-dub", ""]
    assert [one.language for one in in_order([link("")], ["ger-dub", "eng-sub"], [])] == [""]
