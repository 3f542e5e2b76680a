"""A list of videos states no languages: its links fit every wish, but never go before one that states a wanted one."""

from __future__ import annotations

import pytest

from aniworld.core.errors import NothingThere
from aniworld.core.media import EpisodeNumber, HosterLink
from aniworld.services.queue.link_resolver import Target, in_order

ALL = ("ger-dub", "ger-sub", "eng-dub")


def link(language: str) -> HosterLink:
    return HosterLink("Host", language, f"http://host/{language or 'unstated'}", "")


def test_a_link_without_a_language_fits_every_wish_last() -> None:
    links = [link(""), link("eng-sub"), link("ger-dub")]
    assert [one.language for one in in_order(links, ["ger-dub"], [])] == ["ger-dub", ""]
    assert [one.language for one in in_order([link("")], ["ger-dub", "eng-sub"], [])] == [""]


def test_what_is_there_in_a_known_language_gives_way_only_to_a_stated_better_one() -> None:
    with pytest.raises(NothingThere):
        in_order([link(""), link("ger-sub")], ["ger-dub"], [], unstated=False)
    assert [one.language for one in in_order([link(""), link("ger-dub")], ["ger-dub"], [], unstated=False)] == [
        "ger-dub"
    ]


@pytest.mark.parametrize(
    ("languages", "have", "left"),
    [
        (("eng-dub", "ger-sub"), "ger-dub", ()),
        (("eng-dub", "ger-sub"), "jpn", ("eng-dub", "ger-sub")),
        (("ger-dub", "jpn"), "ger-sub", ("ger-dub",)),
        (("ger-dub", "eng-dub"), "ger-sub", ("ger-dub",)),
        (("ger-dub", "eng-dub"), "eng-dub", ("ger-dub",)),
        (("ger-dub", "eng-dub"), "ger-dub", ()),
        (("ger-dub",), None, ()),
    ],
)
def test_only_better_languages_are_left_of_a_wish(languages: tuple[str, ...], have: str | None, left: tuple) -> None:
    target = Target(
        EpisodeNumber(1, 1), "Nebel", "Nebel", None, "", "", languages, file="1.mkv", have=have, preferred=ALL
    )
    assert target.only_better().languages == left
