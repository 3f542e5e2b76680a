"""The helpers that make lists of series ready for pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound

from aniworld.app import create_app
from aniworld.web.i18n.formatting import (
    file_size,
    filter_series_by_missing_episodes,
    get_series_by_key,
    hue_of,
    initials_of,
    list_available_templates,
    prepare_series_context,
    render_template,
    validate_template_exists,
)

TITAN = {
    "key": "attack-on-titan",
    "name": "Attack on Titan",
    "folder": "Attack on Titan (2013)",
    "missing_episodes": {"1": [3, 4]},
}
LANTERNS = {"key": "laternen", "name": "die wandernden Laternen", "folder": "Laternen"}
BARE = {"key": "kupferherz"}


def test_a_series_is_shown_even_if_most_is_unknown_of_it() -> None:
    [shown] = prepare_series_context([BARE])
    assert shown == {
        "key": "kupferherz",
        "name": "kupferherz",
        "folder": "",
        "missing_episodes": {},
        "missing_count": 0,
    }


def test_series_are_sorted_by_name_whatever_the_case() -> None:
    assert [one["key"] for one in prepare_series_context([BARE, LANTERNS, TITAN])] == [
        "attack-on-titan",
        "laternen",
        "kupferherz",
    ]


def test_series_that_miss_most_come_first() -> None:
    many = {**LANTERNS, "missing_episodes": {"1": [1, 2], "0": [1]}}
    assert [one["missing_count"] for one in prepare_series_context([TITAN, BARE, many], "missing_episodes")] == [
        3,
        2,
        0,
    ]


def test_an_unknown_order_puts_those_without_the_field_last() -> None:
    assert [one["key"] for one in prepare_series_context([BARE, TITAN], "year")] == ["attack-on-titan", "kupferherz"]


def test_nothing_to_show_is_nothing() -> None:
    assert prepare_series_context([]) == []
    assert filter_series_by_missing_episodes(None) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("broken", [{}, {"name": "x"}, {"key": ""}, {"key": None}, {"key": 7}, "text"])
def test_a_series_without_a_key_is_refused(broken: object) -> None:
    with pytest.raises(ValueError, match="without a key"):
        prepare_series_context([broken])  # type: ignore[list-item]


def test_only_the_key_identifies_a_series() -> None:
    assert get_series_by_key([TITAN, LANTERNS], "laternen") == LANTERNS
    assert get_series_by_key([TITAN], "Attack on Titan (2013)") is None
    assert get_series_by_key([{"name": "no key"}], "") is None


def test_only_series_that_miss_something_are_left() -> None:
    assert [
        one["key"]
        for one in filter_series_by_missing_episodes([TITAN, LANTERNS, {**BARE, "missing_episodes": {"1": []}}])
    ] == ["attack-on-titan"]


def test_the_given_list_is_left_as_it_was() -> None:
    given_list = [dict(TITAN)]
    prepare_series_context(given_list)[0]["name"] = "changed"
    assert given_list == [TITAN]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["name", "folder", "missing_episodes", "year"]), st.none() | st.integers() | st.text()
        )
    ),
    st.text(),
)
def test_any_values_are_survived(rows: list[dict], sort_by: str) -> None:
    series = [{**row, "key": f"k-{place}"} for place, row in enumerate(rows)]
    assert len(prepare_series_context(series, sort_by)) == len(series)


def test_sizes_are_written_as_disks_are_sold() -> None:
    assert [file_size(size) for size in (0, 999, 1500, 1_400_000_000, None)] == ["0 B", "999 B", "1.5 kB", "1.4 GB", ""]


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_every_title_has_letters_and_a_colour(text: str) -> None:
    assert initials_of(text)
    assert 0 <= hue_of(text) < 12


def test_a_template_is_rendered_outside_of_a_request(tmp_path: Path) -> None:
    app = create_app({"ANIWORLD_INSTANCE": str(tmp_path)})
    with app.app_context():
        page = render_template("error.html", title="Nothing here", status=404, detail="<b>no</b>")
        assert "&lt;b&gt;no&lt;/b&gt;" in page
        assert 'href="/"' in page
        assert "error.html" in list_available_templates()
        for name in ("missing.html", "../secret", "", "\x00"):
            assert not validate_template_exists(name)
            with pytest.raises(TemplateNotFound):
                render_template(name)
