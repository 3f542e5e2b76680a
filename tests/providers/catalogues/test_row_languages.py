"""Languages of rows and lists of engine 2: one way to read a flag, and none is dropped or taken for a hoster."""

from __future__ import annotations

import pytest

from aniworld.providers.catalogues.sto import lists as sto_lists
from aniworld.providers.catalogues.sto import pages as sto_pages

URL = "https://serienstream.to/serie/a/staffel-1"
UNKNOWN = ("The catalogue names a language that is not known: Klingonisch.",)

FLAGS = [
    ('<svg class="watch-language" title="Klingonisch"></svg>', ("und",), UNKNOWN),
    ('<svg class="watch-language"><title>Klingonisch</title></svg>', ("und",), UNKNOWN),
    ('<svg class="watch-language" data-language-id="1"></svg>', ("ger-dub",), ()),
    ('<svg class="watch-language" data-language-id="3" title="?"></svg>', ("ger-sub",), ()),
    ('<img src="/img/german.svg" alt="Deutsch">', ("ger-dub",), ()),
    ('<img data-src="/img/english-german.svg" src="data:,">', ("ger-sub",), ()),
    ('<svg class="svg-flag svg-flag-german svg-flag-sm"></svg>', ("ger-dub",), ()),
    ('<svg class="svg-flag svg-flag-lg svg-flag-english"></svg>', ("eng-dub",), ()),
    ('<svg class="icon-play"></svg>', (), ()),
]


@pytest.mark.parametrize(
    ("mark", "languages", "notes"),
    [
        *FLAGS,
        ('<i title="Deutsch"></i>', ("ger-dub",), ()),
        ('<i title="Klingonisch"></i>', ("und",), UNKNOWN),
        ('<img src="/img/klingon.svg" alt="Klingonisch">', ("und",), UNKNOWN),
    ],
)
def test_a_mark_in_a_season_row_is_a_language_and_no_hoster(
    mark: str, languages: tuple[str, ...], notes: tuple[str, ...]
) -> None:
    text = (
        "<table><tr class='episode-row'><th class='episode-number-cell'>1</th><td><strong"
        " class='episode-title-ger'>A</strong></td><td><img src='/img/voe.png' alt='VOE'></td><td"
        f" class='episode-language-cell'>{mark}</td></tr></table>"
    )
    found = sto_pages.parse_season(text, URL)
    assert (found.rows[0].languages, found.rows[0].hosters, found.notes) == (languages, ("VOE",), notes)


@pytest.mark.parametrize(("mark", "languages", "notes"), FLAGS)
def test_a_mark_in_a_list_is_read_the_same_way(mark: str, languages: tuple[str, ...], notes: tuple[str, ...]) -> None:
    text = (
        "<table class='new-episodes-table'><tr><td><a href='/serie/a/staffel-1/episode-1'>A</a></td>"
        f"<td><img src='/covers/a.jpg' alt='A'></td><td>{mark}</td></tr></table>"
    )
    rows = sto_lists.parse_new_episodes(text, URL)
    assert (rows[0].languages, rows.notes) == (languages, notes)
