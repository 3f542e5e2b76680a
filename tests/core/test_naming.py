"""Titles from anywhere become names that every file system takes, and nothing leaves its root."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aniworld.core.errors import InvalidInput, UnsafePath
from aniworld.core.naming import (
    DEFAULT_TEMPLATE,
    EXAMPLE,
    EpisodeNaming,
    check_template,
    cut,
    episode_path,
    folder_name,
    inside,
    path_component,
    same_name,
    season_folder,
)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Attack on Titan", "Attack on Titan"),
        ("..", "untitled"),
        ("...", "untitled"),
        ("", "untitled"),
        (" \t\n", "untitled"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("....//....//x", "--....--x"),
        ("a\\b/c", "a-b-c"),
        ("Re:Zero: Starting", "Re-Zero - Starting"),
        ("What is this?", "What is this"),
        ("a\x00b\nc\td\x1b[31m", "ab c d[31m"),
        ("\u202egpj.exe", "gpj.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\u3164\u2800", "untitled"),
        ("CON", "CON_"),
        ("nul.txt", "nul_.txt"),
        ("Com1 .x", "Com1_ .x"),
        ("LPT¹", "LPT¹_"),
        ("Conan", "Conan"),
        ("Nullpunkt", "Nullpunkt"),
        ("lost+found", "lost+found_"),
        (".hidden", "hidden"),
        ("trailing. . ", "trailing"),
        ("Ma\u0308dchen", "Mädchen"),
        ("進撃の巨人", "進撃の巨人"),
        ("\udcff\ud800", "untitled"),
    ],
)
def test_a_title_becomes_a_readable_name(title, name):
    assert path_component(title) == name


@settings(deadline=None)
@given(st.text(alphabet=st.characters(), max_size=400))
def test_whatever_the_title_its_name_is_safe_and_stays_as_it_is(title):
    name = path_component(title)
    assert name and name not in (".", "..")
    assert not set(name) & set('/\\:*?"<>|\x00\n\r')
    assert name == name.strip(" .") == unicodedata.normalize("NFC", name)
    assert len(name.encode()) <= 240
    assert path_component(name) == name


def test_a_name_too_long_is_cut_between_letters():
    assert path_component("ü" * 300) == "ü" * 120
    assert path_component("😀" * 300) == "😀" * 60
    assert cut("x" + "e\u0328\u0301", 2) == "x"
    assert len(path_component("a" * 5_000_000)) == 240


def test_a_fallback_is_cleaned_too():
    assert path_component("..", fallback="a/b") == "a-b"
    assert path_component("..", fallback="..") == "untitled"
    assert path_component("..", fallback="") == ""


def test_a_series_folder_carries_its_year_once():
    assert folder_name("Attack on Titan", 2013) == "Attack on Titan (2013)"
    assert folder_name("Attack on Titan (2013)", 2013) == "Attack on Titan (2013)"
    assert folder_name("Attack on Titan") == folder_name("Attack on Titan", 12) == "Attack on Titan"
    assert len(folder_name("ß" * 400, 2013).encode()) <= 240
    assert folder_name("ß" * 400, 2013).endswith(" (2013)")


def test_seasons_have_two_digits():
    assert [season_folder(number) for number in (0, 1, 12, 100)] == [
        "Season 00",
        "Season 01",
        "Season 12",
        "Season 100",
    ]


def test_the_default_template_makes_the_documented_layout():
    named = EpisodeNaming("Steinwacht", 1, 2, title="Der Anfang")
    assert episode_path(DEFAULT_TEMPLATE, named, "mkv") == PurePosixPath(
        "Season 01/Steinwacht - S01E02 - Der Anfang.mkv"
    )
    unnamed = EpisodeNaming("Steinwacht", 0, 1)
    assert str(episode_path(DEFAULT_TEMPLATE, unnamed, ".mp4")) == "Season 00/Steinwacht - S00E01.mp4"
    assert str(episode_path(DEFAULT_TEMPLATE, unnamed, "mp4", season_folders=False)) == "Steinwacht - S00E01.mp4"


@pytest.mark.parametrize(
    ("template", "stem"),
    [
        ("{series} ({year}) [{language}] - {absolute:03} - {title}", "Steinwacht (2021) [ger-dub] - 002 - Der Anfang"),
        ("{season}x{episode:02} {title_en} {quality}-{hoster}", "1x02 The Beginning 1080p-VOE"),
        ("{title:.5} S{season:02}E{episode:03}", "Der A S01E002"),
        ("{{{series}}} {season}.{episode}", "{Steinwacht} 1.2"),
    ],
)
def test_tokens_widths_and_truncation(template, stem):
    assert episode_path(template, EXAMPLE, "mkv").stem == stem


def test_an_empty_token_takes_its_brackets_and_separator_with_it():
    bare = EpisodeNaming("X", 1, 2)
    assert (
        episode_path("{series} ({year}) [{language}] - S{season:02}E{episode:02} - {title}", bare, "mkv").stem
        == "X - S01E02"
    )
    assert episode_path("{title} - {season}x{episode}", bare, "mkv").stem == "1x2"


def test_episodes_without_an_absolute_number_still_have_names_of_their_own():
    names = {episode_path("{series} {absolute:03}", EpisodeNaming("X", 1, n), "mkv").name for n in (1, 2, 3)}
    assert names == {"X S01E01.mkv", "X S01E02.mkv", "X S01E03.mkv"}


def test_several_episodes_in_one_file_are_named_as_a_range():
    assert episode_path(DEFAULT_TEMPLATE, EpisodeNaming("X", 1, 1, last_episode=3), "mkv").stem == "X - S01E01-E03"


def test_a_title_too_long_is_shortened_before_the_number():
    name = episode_path(DEFAULT_TEMPLATE, EpisodeNaming("ü" * 300, 1, 2, "t" * 900), "mkv").name
    assert len(name.encode()) <= 240
    assert name.endswith(" - S01E02.mkv")
    titled = episode_path(DEFAULT_TEMPLATE, EpisodeNaming("Kurz", 1, 2, "進" * 900), "mkv").name
    assert titled.startswith("Kurz - S01E02 - 進進") and len(titled.encode()) <= 240


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300), st.integers(0, 1000), st.integers(1, 10_000))
def test_no_title_leads_out_of_the_series_folder(series, title, season, episode):
    path = episode_path(DEFAULT_TEMPLATE, EpisodeNaming(series, season, episode, title), "mkv")
    assert len(path.parts) == 2 and ".." not in path.parts and not path.is_absolute()
    assert f"S{season:02d}E{episode:02d}" in path.name and path.suffix == ".mkv"


def test_values_are_never_read_as_templates():
    sly = EpisodeNaming("{season.__class__}", 1, 2, "{0}{title}")
    assert episode_path(DEFAULT_TEMPLATE, sly, "mkv").stem == "{season.__class__} - S01E02 - {0}{title}"


@pytest.mark.parametrize(
    "template",
    [
        "",
        "   ",
        "{series}",
        "{season}",
        "{0}",
        "{}",
        "{series.__class__}{absolute}",
        "{series[0]}{absolute}",
        "{series!r}{absolute}",
        "{episode:999999}{season}",
        "{title:{series}}{absolute}",
        "{absolute",
        "absolute}",
        "a/{absolute}",
        "..\\{absolute}",
        "a\x00{absolute}",
        "{absolute}\n",
        "a:{absolute}",
        "\u202e{absolute}",
        "x" * 121 + "{absolute}",
        "{absolute}" * 60,
        None,
        5,
    ],
)
def test_a_bad_template_is_refused_with_a_reason(template):
    with pytest.raises(InvalidInput) as refused:
        check_template(template)
    assert len(str(refused.value)) > 15 and refused.value.fields["episode_template"]


@pytest.mark.parametrize("ext", ["", "m/kv", "..", "mkv/..", "m" * 9, "mkv\x00", "ger.ass.x"])
def test_an_extension_is_no_way_out(ext):
    with pytest.raises(InvalidInput):
        episode_path(DEFAULT_TEMPLATE, EXAMPLE, ext)


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "a\x00b", "../root2/x"])
def test_a_path_out_of_the_root_is_refused(tmp_path, path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root2").mkdir()
    with pytest.raises(UnsafePath):
        inside(tmp_path / "root", Path(path))


def test_a_link_out_of_the_root_is_refused_and_one_within_is_not(tmp_path):
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (root / "in").symlink_to("real")
    (root / "out").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")
    assert inside(root, Path("in/x.mkv")) == root / "real" / "x.mkv"
    with pytest.raises(UnsafePath):
        inside(root, root / "out" / "x.mkv")
    assert inside(root, Path("new/folder/x.mkv")) == root / "new/folder/x.mkv"


def test_names_are_one_without_case_and_normal_form():
    assert same_name("MÄDCHEN", "ma\u0308dchen")
    assert same_name("Straße", "STRASSE")
    assert not same_name("Naruto", "Naruto ")
