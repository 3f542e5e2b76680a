"""Poster and NFO: written where there is none, renewed where it is ours, never over the user's own."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from aniworld.core.errors import UnsafePath
from aniworld.library.files.artwork import LARGEST, write_poster
from aniworld.library.files.nfo import MARK, EpisodeNfo, SeriesNfo, is_ours, write_episode_nfo, write_series_nfo

JPEG = b"\xff\xd8\xff\xe0 a picture"
FACTS = SeriesNfo(
    "Die Mädchen <b>& Co",
    "die-maedchen",
    plot="Ein\x00 \x1b[31mText \ud800]]>",
    year=2013,
    genres=("Abenteuer", "Drama"),
    age_rating=0,
    imdb_id="tt1",
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Naruto/Season 01").mkdir(parents=True)
    return tmp_path / "Naruto"


def test_a_poster_is_written_once(tmp_path, folder):
    assert write_poster(tmp_path, folder, JPEG) == folder / "poster.jpg"
    assert write_poster(tmp_path, folder, b"\x89PNG\r\n\x1a\n other") is None
    assert (folder / "poster.jpg").read_bytes() == JPEG and [one.name for one in folder.iterdir() if one.is_file()] == [
        "poster.jpg"
    ]


@pytest.mark.parametrize("own", ["folder.jpg", "Poster.PNG", "cover.webp"])
def test_the_users_own_picture_stays_alone(tmp_path, folder, own):
    (folder / own).write_bytes(b"mine")
    assert write_poster(tmp_path, folder, JPEG) is None


@pytest.mark.parametrize("image", [b"", b"<html>", b"GIF89a", b"RIFF1234WAVE", b"\xff\xd8\xff" + b"x" * LARGEST])
def test_what_is_no_picture_is_not_written(tmp_path, folder, image):
    assert write_poster(tmp_path, folder, image) is None and len(list(folder.iterdir())) == 1


def test_nothing_is_written_outside_of_the_library(tmp_path, folder):
    (folder / "out").symlink_to(tmp_path.parent)
    for outside in (folder / "out", tmp_path / "..", tmp_path.parent):
        with pytest.raises(UnsafePath):
            write_poster(tmp_path, outside, JPEG)
        with pytest.raises(UnsafePath):
            write_series_nfo(tmp_path, outside, FACTS)
    assert write_poster(tmp_path, tmp_path / "not there", JPEG) is None
    assert write_series_nfo(tmp_path, tmp_path / "not there", FACTS) is None


def test_a_series_nfo_says_what_is_known(tmp_path, folder):
    path = write_series_nfo(tmp_path, folder, FACTS)
    tree = ElementTree.parse(path).getroot()
    assert (
        tree.tag == "tvshow"
        and tree.findtext("title") == "Die Mädchen <b>& Co"
        and tree.findtext("plot") == "Ein [31mText ]]>"
    )
    assert [one.text for one in tree.findall("genre")] == ["Abenteuer", "Drama"] and tree.findtext("mpaa") == "FSK 0"
    assert {one.get("type"): one.text for one in tree.findall("uniqueid")} == {
        "aniworld": "die-maedchen",
        "imdb": "tt1",
    }


def test_an_episode_nfo_stands_beside_its_video(tmp_path, folder):
    path = write_episode_nfo(
        tmp_path, folder / "Season 01/Naruto - S01E02.mkv", EpisodeNfo("", "Naruto", 1, 2, "The Beginning")
    )
    tree = ElementTree.parse(path).getroot()
    assert path.name == "Naruto - S01E02.nfo"
    assert [tree.findtext(tag) for tag in ("title", "showtitle", "season", "episode")] == [
        "The Beginning",
        "Naruto",
        "1",
        "2",
    ]


def test_our_nfo_is_renewed_and_the_users_own_is_not(tmp_path, folder):
    path = write_series_nfo(tmp_path, folder, FACTS)
    assert write_series_nfo(tmp_path, folder, SeriesNfo("Neu", "neu")) == path and b"Neu" in path.read_bytes()
    locked = path.read_text().replace("</title>", "</title><lockdata>True</lockdata>")
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + path.read_text().split("?>")[1]
    for own in ("<tvshow><title>Meins</title></tvshow>", locked, "", "kein XML", path.read_text() + "<rest>", bomb):
        path.write_text(own)
        assert write_series_nfo(tmp_path, folder, FACTS) is None and path.read_text() == own
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere.nfo")
    assert write_series_nfo(tmp_path, folder, FACTS) is None and not (tmp_path / "elsewhere.nfo").exists()


@pytest.mark.parametrize(
    "body",
    [
        b"<tvshow",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><tvshow>&a;</tvshow>",
        b"\xff\xfe\x00",
        b"<?xml version='1.0' encoding='klingon'?><a/>",
    ],
)
def test_an_nfo_that_cannot_be_read_is_the_users_own(tmp_path, body):
    nfo = tmp_path / "tvshow.nfo"
    nfo.write_bytes(MARK + body)
    assert not is_ours(nfo)


def test_an_error_of_the_nfo_reader_leaves_the_file_as_it_is(tmp_path, monkeypatch, caplog):
    def broken(content):
        raise RecursionError("planted")

    nfo = tmp_path / "tvshow.nfo"
    nfo.write_bytes(MARK + b"<tvshow/>")
    monkeypatch.setattr("defusedxml.ElementTree.fromstring", broken)
    assert not is_ours(nfo) and "tvshow.nfo" in caplog.text
