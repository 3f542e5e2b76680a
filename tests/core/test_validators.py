"""What comes from outside is put into its normal form or refused with a sentence."""

from __future__ import annotations

import pytest

from aniworld.core import validators as v
from aniworld.core.errors import InvalidInput

MEGABYTE = "a" * 1_000_000
CHECKS = [
    v.validate_series_key,
    v.validate_series_key_or_folder,
    v.validate_series_name,
    v.validate_episode_range,
    v.validate_download_quality,
    v.validate_language,
    v.validate_anime_url,
    v.validate_backup_name,
    v.validate_config_data,
]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    "value", [None, "", "  ", "\x00", MEGABYTE, b"bytes", 1.5, True, [], object(), "\ud800", "a\x00b/.."]
)
def test_what_is_no_honest_value_is_refused_with_a_sentence(check, value):
    with pytest.raises(InvalidInput) as refused:
        check(value)
    assert isinstance(refused.value, ValueError)
    assert 10 < len(str(refused.value)) < 300


@pytest.mark.parametrize("key", ["attack-on-titan", "86", "a", " naruto ", "x-1-y"])
def test_keys(key):
    assert v.validate_series_key(key) == key.strip()


@pytest.mark.parametrize(
    "key", ["Attack-on-Titan", "a--b", "-a", "a-", "a_b", "a b", "ä", "a/b", "a\nb", "a" * 256, "١"]
)
def test_what_is_no_key(key):
    with pytest.raises(InvalidInput) as refused:
        v.validate_series_key(key)
    assert refused.value.fields["key"]


def test_an_identifier_is_a_key_or_a_folder():
    assert v.validate_series_key_or_folder("naruto") == ("naruto", True)
    assert v.validate_series_key_or_folder("Attack on Titan (2013)") == ("Attack on Titan (2013)", False)
    assert v.validate_series_key_or_folder("naruto", allow_folder=False) == ("naruto", True)
    with pytest.raises(InvalidInput):
        v.validate_series_key_or_folder("Attack on Titan (2013)", allow_folder=False)
    for hostile in ("a/b", "a\\b", "..", ".", "a\x00b"):
        with pytest.raises(InvalidInput):
            v.validate_series_key_or_folder(hostile)


def test_a_series_name_comes_in_nfc():
    assert v.validate_series_name("  Die  Ma\u0308dchen ") == "Die Mädchen"
    assert v.validate_series_name("進撃の巨人 <b>") == "進撃の巨人 <b>"


def test_episode_ranges():
    assert v.validate_episode_range(1, 12) == (1, 12)
    assert v.validate_episode_range("7") == (7, 7)
    assert v.validate_episode_range(1000, 1000) == (1000, 1000)
    assert v.validate_episode_range(1001, 1200, absolute=True) == (1001, 1200)
    for start, end in (
        (0, 1),
        (-1, 1),
        (5, 4),
        (1, 1001),
        (1001, None),
        ("1e3", None),
        ("²", None),
        (1, "x"),
        ("9" * 5000, None),
    ):
        with pytest.raises(InvalidInput):
            v.validate_episode_range(start, end)


def test_qualities_and_languages():
    assert v.validate_download_quality(" 720P ") == "720p"
    assert v.validate_language("GER-DUB") == "ger-dub"
    assert v.validate_language("jpn") == "jpn"
    for quality in ("4k", "1080", "720p;best"):
        with pytest.raises(InvalidInput):
            v.validate_download_quality(quality)
    for language in ("german", "ger_dub", "ger-dubs", "ger-dub\nx"):
        with pytest.raises(InvalidInput):
            v.validate_language(language)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://aniworld.to/anime/stream/naruto", "https://aniworld.to/anime/stream/naruto"),
        (
            " https://www.AniWorld.to/anime/stream/D_Cide-Traumerei/?a=1#x ",
            "https://www.aniworld.to/anime/stream/D_Cide-Traumerei",
        ),
        (
            "https://aniworld.to/anime/stream/naruto/staffel-1/episode-2",
            "https://aniworld.to/anime/stream/naruto/staffel-1/episode-2",
        ),
        ("https://s.to/serie/stream/dark", "https://s.to/serie/stream/dark"),
        ("https://s.to/serie/dark", "https://s.to/serie/dark"),
        ("https://serienstream.cx/serie/dark", "https://serienstream.cx/serie/dark"),
        ("http://186.2.175.5/serie/dark", "http://186.2.175.5/serie/dark"),
        ("http://186.2.175.111/anime/stream/x", "http://186.2.175.111/anime/stream/x"),
    ],
)
def test_links_of_known_sites(url, normal):
    assert v.validate_anime_url(url) == normal


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/anime/stream/x",
        "https://aniworld.to.evil.example/anime/stream/x",
        "https://aniworld.to@evil.example/anime/stream/x",
        "https://evil.example/https://aniworld.to/anime/stream/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://aniworld.to/",
        "https://aniworld.to/support/fragen",
        "https://aniworld.to/anime/stream/",
        "https://aniworld.to/anime/stream/../../x",
        "https://aniworld.to/anime/stream/a%2f..%2fb",
        "https://aniworld.to:22/anime/stream/x",
        "https://s.to/serie/stream",
    ],
)
def test_other_links_are_refused(url):
    with pytest.raises(InvalidInput):
        v.validate_anime_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "//aniworld.to/anime/stream/x",
        "aniworld.to/anime/stream/x",
        "www.aniworld.to/anime/stream/x/staffel-1?a=b#c",
        "s.to/serie/x",
        "ANIWORLD.TO/anime/stream/x/",
    ],
)
def test_a_link_without_a_scheme_is_https(url):
    normal = v.validate_anime_url(url)
    assert normal.startswith("https://") and "?" not in normal and not normal.endswith("/")


def test_mirrors_are_known_by_host_port_or_address():
    link = "http://127.0.0.1:8123/anime/stream/naruto"
    for mirror in ("127.0.0.1:8123", "http://127.0.0.1:8123", "http://127.0.0.1:8123/"):
        assert v.validate_anime_url(link, mirrors=[mirror]) == link
    for stranger in ("127.0.0.1", "127.0.0.1:81", "http://127.0.0.1", "http://[::1", "[x", ""):
        with pytest.raises(InvalidInput):
            v.validate_anime_url(link, mirrors=[stranger])
    assert v.validate_anime_url("https://my.mirror/serie/x", mirrors=("my.mirror",))


def test_backup_names_are_file_names_and_nothing_else():
    for name in ("config-20261122T160000Z-auto.json", "config_backup_20251017_103000.json", "a"):
        assert v.validate_backup_name(name) == name
    for name in (
        "../config.json",
        "a/b",
        "a..b",
        ".hidden",
        "a.",
        "con.json",
        "a b",
        "a\x00",
        "ä",
        "....//x",
        "%2e%2e",
    ):
        with pytest.raises(InvalidInput):
            v.validate_backup_name(name)


def test_configuration_is_copied_as_plain_json():
    given = {"library": {"root": "/Bücher", "days": 3}, "list": (1, 2.5, None, True)}
    plain = v.validate_config_data(given)
    assert plain == {"library": {"root": "/Bücher", "days": 3}, "list": [1, 2.5, None, True]}
    plain["library"]["root"] = "x"
    assert given["library"]["root"] == "/Bücher"


def test_configuration_that_is_no_json_is_refused_with_the_setting_named():
    deep: dict = {}
    for _ in range(2000):
        deep = {"a": deep}
    endless: list = []
    endless.append(endless)
    for bad in (
        {1: 2},
        {"a": float("nan")},
        {"a": {1, 2}},
        {"a": b"x"},
        {"a": 2**60},
        {"": 1},
        deep,
        {"a": endless},
        {"a": [0] * 20_000},
        {"a": MEGABYTE},
        {"a": "\ud800"},
    ):
        with pytest.raises(InvalidInput) as refused:
            v.validate_config_data(bad)
        assert refused.value.fields


def test_file_names():
    assert v.sanitize_filename("a/b: c?.mkv") == "a-b - c.mkv"
    assert v.sanitize_filename(MEGABYTE) == "a" * 240
    for bad in ("", "..", "\x00", None, 5):
        with pytest.raises(InvalidInput):
            v.sanitize_filename(bad)
