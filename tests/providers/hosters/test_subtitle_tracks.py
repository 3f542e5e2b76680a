"""The subtitles that open players state apart from their video."""

from __future__ import annotations

import pytest

from aniworld.providers.hosters.open_player import Embed
from aniworld.providers.hosters.player_page import parse_player
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate

HERE = "https://hoster.example/e/abc"
VIDEO = "<video src='/v/a.mp4'>{}</video>"


def stated(html: str) -> list[tuple[str, str, bool]]:
    return [(one.url, one.language, one.forced) for one in parse_player(html, HERE).subtitles]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (
            VIDEO.format("<track kind='subtitles' src='/s/de.vtt' srclang='de' label='Deutsch' default>"),
            [("https://hoster.example/s/de.vtt", "ger", False)],
        ),
        (
            VIDEO.format(
                "<track src='s/en.vtt' srclang='en-US'><track kind='captions' src='//c.example/x' label='Deutsch'>"
            ),
            [("https://hoster.example/e/s/en.vtt", "eng", False), ("https://c.example/x", "ger", False)],
        ),
        (
            VIDEO.format("<track kind='forced' src='/f.vtt' srclang='de'><track src='/g.vtt' label='German (Forced)'>"),
            [("https://hoster.example/f.vtt", "ger", True), ("https://hoster.example/g.vtt", "ger", True)],
        ),
        (
            VIDEO.format(
                "<track kind='metadata' src='/thumbs.vtt'><track kind='chapters' src='/c.vtt'><track"
                " kind='descriptions' src='/d.vtt'>"
            ),
            [],
        ),
        (
            """<script>jwplayer("x").setup({sources: [{file: "/a.m3u8"}], tracks: [
             {file: "https:\\/\\/c.example\\/de.vtt?a=1", label: "Deutsch", kind: "captions", "default": true},
             {"file": "/en.srt", "label": "English"}, {file: "/get?id=3", kind: "captions", label: "Français"},
             {file: "/thumbs.vtt", kind: "thumbnails"}, {file: "/ch.vtt", kind: "chapters"}]})</script>""",
            [
                ("https://c.example/de.vtt?a=1", "ger", False),
                ("https://hoster.example/en.srt", "eng", False),
                ("https://hoster.example/get?id=3", "fre", False),
            ],
        ),
        (
            "<script>new DPlayer({video: {url: '/a.m3u8'}, subtitle: {url: '/s_de.vtt', type: 'webvtt'}})</script>",
            [("https://hoster.example/s_de.vtt", "ger", False)],
        ),
        (
            "<script>new Playerjs({file: '/a.m3u8', subtitle: '[Deutsch]/de.vtt,[English]/en.vtt'})</script>",
            [("https://hoster.example/de.vtt", "ger", False), ("https://hoster.example/en.vtt", "eng", False)],
        ),
        (
            (
                '<div data-setup=\'{"sources": [{"src": "/a.mp4"}], "tracks": [{"src": "/d.vtt", "srclang":'
                ' "deu"}]}\'></div>'
            ),
            [("https://hoster.example/d.vtt", "ger", False)],
        ),
        (
            (
                "<script>p({file: '/a.mp4', tracks: [{file: base + '/x.vtt'}], previewThumbnails: {src:"
                " '/t.vtt'}})</script>"
            ),
            [],
        ),
        ("<video src='/a.mp4'></video><audio><track src='/lyrics.vtt'></audio>", []),
    ],
)
def test_tracks_of_a_page_are_known_by_language_and_kind(html: str, found: list[tuple[str, str, bool]]) -> None:
    assert stated(html) == found
    assert parse_player(html, HERE).media, "the video is found as before"


def test_a_track_that_is_in_the_page_itself_is_read() -> None:
    html = VIDEO.format("<track srclang='de' src='data:text/vtt;base64,V0VCVlRUCgowMDowMS4wMDA='>")
    (track,) = parse_player(html, HERE).subtitles
    assert (track.url, track.language, track.text) == ("", "ger", "WEBVTT\n\n00:01.000")


def test_tracks_reach_the_stream_also_from_the_page_around_a_frame() -> None:
    site = LoopbackSite(
        {
            "/e": Answer(
                b"<iframe src='/inner'></iframe><script>p({tracks: [{file: '/de.vtt', label: 'Deutsch'}]})</script>"
            ),
            "/inner": Answer(VIDEO.format("<track src='/en.vtt' srclang='en'>").encode()),
        }
    )
    with site:
        stream = Embed(open_gate()).stream(f"{site.url}/e", referer="")
    assert [one.language for one in stream.subtitles] == ["eng", "ger"]


@pytest.mark.parametrize(
    ("html", "count"),
    [
        ("<video><track src='/x/thumbnails.vtt'></video>", 0),
        ("<script>p.setup({tracks: [{file: '/t/sprite.vtt'}, {file: '/t/chapters.vtt'}]})</script>", 0),
        ("<video><track src='/x/storyboard-1.vtt'><track src='/x/de.vtt'></video>", 1),
        ("<video><track src='/x/preview.vtt' kind=subtitles srclang=de></video>", 1),
        ("<script>player.addRemoteTextTrack({kind: 'subtitles', src: '/s/1.vtt', srclang: 'de'}, false)</script>", 1),
    ],
)
def test_a_files_name_tells_thumbnails_where_nothing_else_does(html: str, count: int) -> None:
    assert len(parse_player(f"<html>{html}</html>", "https://hoster.example/e/1").subtitles) == count
