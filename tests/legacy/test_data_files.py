"""Whatever an older installation left, the answer is facts or a reason."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aniworld.legacy.data_files import LARGEST, LegacySeries, Unreadable, key_in_folder, read_series

FACTS = {
    "key": "attack-on-titan",
    "name": "Attack on Titan",
    "site": "https://aniworld.to",
    "folder": "Attack on Titan (2013)",
    "episodeDict": {"1": [1, 2], "0": [1]},
}


def write(folder: Path, content: bytes | str | dict, name: str = "data") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    raw = json.dumps(content, ensure_ascii=False) if isinstance(content, dict) else content
    (folder / name).write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return folder / name


def test_a_data_file_tells_its_series(tmp_path):
    facts = read_series(write(tmp_path / "Attack on Titan (2013)", FACTS))
    assert facts == LegacySeries(
        "attack-on-titan",
        "Attack on Titan",
        "aniworld.to",
        "Attack on Titan (2013)",
        "https://aniworld.to/anime/stream/attack-on-titan",
        {0: (1,), 1: (1, 2)},
    )
    assert facts.episode_link(1, 2) == "https://aniworld.to/anime/stream/attack-on-titan/staffel-1/episode-2"
    assert facts.episode_link(0, 1).endswith("/filme/film-1")


def test_a_key_file_tells_the_key_alone(tmp_path):
    facts = read_series(write(tmp_path / "Attack on Titan (2013)", " attack-on-titan\n", "key"))
    assert (facts.key, facts.name, facts.site) == ("attack-on-titan", "Attack on Titan", "aniworld.to")


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("cp1252"),
        lambda text: f"\n\n {text}\n\x00".encode(),
    ],
)
def test_every_usual_encoding_is_read(tmp_path, encode):
    text = json.dumps(FACTS | {"name": "Die Mädchen"}, ensure_ascii=False)
    assert read_series(write(tmp_path / "x", encode(text))).name == "Die Mädchen"
    assert read_series(write(tmp_path / "y", encode("naruto"), "key")).key == "naruto"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"\x00" * 50,
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"key": 5}',
        b'{"key": ""}',
        b'{"key": "../x/.."}',
        b'{"key": "---"}',
        b'{"key": "a b"}',
        b"[" * 100_000,
        b'{"key":"a","episodeDict":[1]}',
        b"\x80\x04\x95",
        b"<html>",
        b'{"key": 1' + b"0" * 9000 + b"}",
    ],
)
def test_a_broken_file_is_a_reason(tmp_path, content):
    answer = read_series(write(tmp_path / "x", content))
    assert isinstance(answer, Unreadable) and answer.reason.endswith(".")


def test_a_huge_file_is_not_read(tmp_path):
    answer = read_series(write(tmp_path / "x", b'{"key": "a", "x": "' + b"x" * LARGEST + b'"}'))
    assert isinstance(answer, Unreadable) and "larger" in answer.reason


@pytest.mark.parametrize("content", [b"", b"a\nb", b"x" * 5000, b"\xff\xfe", "ä ö".encode(), b"../.."])
def test_a_key_file_with_more_than_a_key_is_a_reason(tmp_path, content):
    assert isinstance(read_series(write(tmp_path / "x", content, "key")), Unreadable)


def test_a_file_that_is_not_there_is_a_reason(tmp_path):
    assert isinstance(read_series(tmp_path / "data"), Unreadable)
    (tmp_path / "data").mkdir()
    assert isinstance(read_series(tmp_path / "data"), Unreadable)


def test_wrong_entries_are_passed_over_and_noted(tmp_path):
    odd = FACTS | {
        "episodeDict": {"1": [1, "2", 2, -1, 0, None, 10**9, True, 1.5], "x": [1], "-1": [2], "2": "no", "3": []}
    }
    facts = read_series(write(tmp_path / "x", odd))
    assert facts.missing == {1: (1, 2)} and len(facts.notes) == 1


@pytest.mark.parametrize(
    ("stated", "key", "link"),
    [
        (
            "ghost-in-the-shell-sac_2045",
            "ghost-in-the-shell-sac-2045",
            "https://aniworld.to/anime/stream/ghost-in-the-shell-sac_2045",
        ),
        ("D_Cide-Traumerei", "d-cide-traumerei", "https://aniworld.to/anime/stream/D_Cide-Traumerei"),
        ("/anime/stream/naruto/", "naruto", "https://aniworld.to/anime/stream/naruto"),
        ("https://aniworld.to/anime/stream/naruto?x=1", "naruto", "https://aniworld.to/anime/stream/naruto"),
        (
            "https://aniworld.to/anime/stream/naruto/staffel-1/episode-2",
            "naruto",
            "https://aniworld.to/anime/stream/naruto",
        ),
        ("https://s.to/serie/stream/naruto", "naruto", "https://aniworld.to/anime/stream/naruto"),
    ],
)
def test_a_slug_becomes_a_key_and_keeps_its_link(tmp_path, stated, key, link):
    facts = read_series(write(tmp_path / "x", FACTS | {"key": stated}))
    assert (facts.key, facts.link) == (key, link)


@pytest.mark.parametrize(
    "stated", ["../../etc/passwd", "/anime/stream/../naruto", "https://aniworld.to/", "a/b", "/serie/stream/"]
)
def test_a_path_that_leads_to_no_series_is_no_key(tmp_path, stated):
    assert isinstance(read_series(write(tmp_path / "x", FACTS | {"key": stated})), Unreadable)


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("aniworld.to", "aniworld.to"),
        ("https://www.aniworld.to/", "aniworld.to"),
        ("s.to", "s.to"),
        ("", "aniworld.to"),
        (5, "aniworld.to"),
        ("javascript:alert(1)", "aniworld.to"),
        ("https://[::1", "aniworld.to"),
        ("x" * 5000, "aniworld.to"),
    ],
)
def test_a_site_is_a_host_name(tmp_path, site, host):
    assert read_series(write(tmp_path / "x", FACTS | {"site": site})).site == host


def test_a_folder_is_known_by_its_key_file_first(tmp_path):
    assert key_in_folder(tmp_path) is None
    write(tmp_path, {"key": "from-data"})
    assert key_in_folder(tmp_path) == "from-data"
    write(tmp_path, "from-key", "key")
    assert key_in_folder(tmp_path) == "from-key"
    write(tmp_path, "", "key")
    assert key_in_folder(tmp_path) == "from-data"


@settings(deadline=None, max_examples=40)
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(lambda value: json.dumps({"key": "a", "name": value, "episodeDict": value}).encode())
)
def test_nothing_breaks_the_reader(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp() / "any"
    answer = read_series(write(folder, content))
    assert isinstance(answer, LegacySeries | Unreadable)


@pytest.mark.parametrize("name", ["data", "key"])
def test_an_error_while_a_legacy_file_is_read_is_a_reason_and_logged(tmp_path, monkeypatch, caplog, name):
    def broken(*_):
        raise RecursionError("planted")

    (tmp_path / name).write_text("naruto", "utf-8")
    monkeypatch.setattr("aniworld.legacy.data_files._series", broken)
    monkeypatch.setattr("aniworld.legacy.data_files._from_data", broken)
    assert isinstance(read_series(tmp_path / name), Unreadable)
    assert str(tmp_path / name) in caplog.text
    assert key_in_folder(tmp_path) is None
