"""Subtitles that come apart from the video: taken, made to fit its time, kept as files or inside the video."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from aniworld.core.errors import HosterUnsupported
from aniworld.core.media import StreamKind
from aniworld.core.subtitles import SubtitleFile, SubtitleTrack, suffixes
from aniworld.transfer.fetchers.webvtt import Part, join
from aniworld.transfer.protocol.job import TransferResult
from tests.transfer.fixtures import Ask, Videos, frames, serve
from tests.transfer.media_server import MediaHost, Request

START = 1.4  # of the videos' own clock, in seconds, as ffmpeg writes transport streams
GERMAN = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",LANGUAGE="de",NAME="Deutsch",DEFAULT=YES,URI="{}"\n'
ENGLISH = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",LANGUAGE="en-US",NAME="English",URI="{}"\n'
PLAIN = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\nHallo Welt\n\n00:00:05.000 --> 00:00:07.500\nZweite Zeile\n"
SRT = (
    "1\r\n00:00:01,000 --> 00:00:03,000\r\nGrüße &amp; K&uuml;sse\r\n\r\n2\r\n00:00:05,000 --> 00:00:06,000\r\nEnde\r\n"
)
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Arial,20\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\i1}Hallo{\\i0}\n"
)


def master(host: MediaHost, videos: Videos, *media: str) -> None:
    """``/hls/master.m3u8`` with the video's segments and these renditions."""
    serve(host, "hls", videos.hls)
    variant = '#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180,SUBTITLES="s"\nlist.m3u8\n'
    host.files["/hls/master.m3u8"] = ("#EXTM3U\n" + "".join(media) + variant).encode()


def segmented(host: MediaHost, name: str, texts: list[str], length: float = 4.0, *, endlist: bool = True) -> None:
    lines = "".join(f"#EXTINF:{length},\n{name}{number}.vtt\n" for number in range(len(texts)))
    ending = "#EXT-X-ENDLIST\n" if endlist else ""
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    host.files[f"/hls/{name}.m3u8"] = (head + lines + ending).encode()
    for number, text in enumerate(texts):
        host.files[f"/hls/{name}{number}.vtt"] = text.encode()


def cues(path: Path) -> list[tuple[str, str, str]]:
    """Start, end and text of each cue, as ffmpeg reads them."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:s:0", "-f", "srt", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    blocks = re.findall(r"(\d\d:\d\d:\d\d,\d{3}) --> (\d\d:\d\d:\d\d,\d{3})\n(.*?)(?:\n\n|\Z)", told, re.DOTALL)
    return [(start[3:], end[3:], text.strip()) for start, end, text in blocks]


def read(result: TransferResult, number: int = 0) -> list[tuple[str, str, str]]:
    return cues(result.path.parent / result.subtitles[number].name)


def kinds(result: TransferResult) -> list[tuple[str, str]]:
    return [(one.language, one.format) for one in result.subtitles]


EXPECTED = [("00:01,000", "00:03,000", "Hallo Welt"), ("00:05,000", "00:07,500", "Zweite Zeile")]


def test_renditions_of_a_master_playlist_are_taken_with_their_languages(
    host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path
) -> None:
    master(host, videos, GERMAN.format("de.m3u8"), ENGLISH.format("/en.vtt"))
    segmented(host, "de", [PLAIN])
    host.files["/en.vtt"] = PLAIN.encode()
    asked = ask("/hls/master.m3u8", StreamKind.HLS, language="ger-sub")
    result = asked.run()
    assert kinds(result) == [("ger", "vtt"), ("eng", "vtt")]
    assert suffixes(result.subtitles) == [".de.vtt", ".en.vtt"]
    assert read(result) == read(result, 1) == EXPECTED
    assert (result.subtitles_lost, result.without_subtitles) == (None, False)
    assert asked.left == {"media.mp4", "media.json", "subtitle-0.vtt", "subtitle-1.vtt"}
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")


def test_segments_are_joined_by_their_timestamp_maps_and_cues_at_borders_come_once(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    """Each segment counts from its own 0; MPEG's clock starts where the video's does."""
    master(host, videos, GERMAN.format("de.m3u8"))
    texts = [
        f"\ufeffWEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{int((START + place) * 90_000)}\n\n{body}"
        for place, body in (
            (0, "1\n00:01.000 --> 00:02.000\nEins\n\n2\n00:03.500 --> 00:04.000\nQuer\n"),
            (4, "1\n00:00.000 --> 00:00.500\nQuer\n\n2\n00:02.000 --> 00:03.000 align:start\nDrei\n"),
            (8, ""),
        )
    ]
    segmented(host, "de", texts)
    result = ask("/hls/master.m3u8", StreamKind.HLS, language="ger-sub").run()
    assert read(result) == [
        ("00:01,000", "00:02,000", "Eins"),
        ("00:03,500", "00:04,500", "Quer"),
        ("00:06,000", "00:07,000", "Drei"),
    ]
    assert "align:start" in (result.path.parent / "subtitle-0.vtt").read_text()


@pytest.mark.parametrize(
    ("mapped", "local"),
    [
        ("MPEGTS:900000,LOCAL:00:00:00.000", lambda at: at),  # a clock that is not the video's, cues on the time line
        ("", lambda at: at),
        ("", lambda at: at % 4),  # cues that count from their segment
        (f"MPEGTS:{int(START * 90_000)},LOCAL:00:00:00.000", lambda at: at),
    ],
)
def test_cues_stand_where_their_segment_is_whatever_they_count_from(mapped: str, local: object) -> None:
    head = f"WEBVTT\nX-TIMESTAMP-MAP={mapped}\n" if mapped else "WEBVTT\n"
    parts = []
    for number, at in enumerate((1.0, 5.0, 9.0, 13.0)):
        begin = local(at)  # type: ignore[operator]
        text = f"{head}\n00:{begin:06.3f} --> 00:{begin + 1:06.3f}\nZeile {number}\n"
        parts.append(Part(text, number * 4.0, number * 4.0 + 4))
    found = re.findall(r"(\S+) --> ", join(parts, START))
    assert found == ["00:00:01.000", "00:00:05.000", "00:00:09.000", "00:00:13.000"]


def test_whole_number_durations_of_segments_do_not_move_cues() -> None:
    """240 segments of 2.4 s that the list calls 2 s long: the maps and the cues' own times know better."""
    for head, own in (("X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{}\n", True), ("", False)):
        parts = []
        for number in range(100):
            at, begin = number * 2.4, 1.0 if own else number * 2.4 + 1.0
            header = "WEBVTT\n" + head.format(int((START + at) * 90_000))
            times = (
                f"00:{int(begin // 60):02d}:{begin % 60:06.3f} --> 00:{int(begin // 60):02d}:{begin % 60 + 0.5:06.3f}"
            )
            parts.append(Part(f"{header}\n{times}\nZeile {number}\n", number * 2.0, number * 2.0 + 2))
        found = re.findall(r"00:(\d\d):(\d\d\.\d{3}) -->", join(parts, START))
        seconds = [int(minutes) * 60 + float(rest) for minutes, rest in found]
        assert seconds == pytest.approx([number * 2.4 + 1.0 for number in range(100)], abs=0.01)


def test_a_clock_that_begins_again_after_a_discontinuity_goes_on_with_the_video() -> None:
    head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:126000,LOCAL:00:00:00.000\n\n"
    parts = [
        Part(f"{head}00:01.000 --> 00:02.000\nEins\n", 0, 60),
        Part(f"{head}00:01.000 --> 00:02.000\nZwei\n", 60, 120, fresh=True),
    ]
    assert re.findall(r"(\S+) --> ", join(parts, START)) == ["00:00:01.000", "00:01:01.000"]


def test_a_clock_that_wraps_goes_on() -> None:
    start = (2**33 - 90_000) / 90_000
    parts = [
        Part(
            f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{2**33 - 90_000}\n\n00:00.500 --> 00:01.000\na\n", 0, 10
        ),
        Part("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:810000\n\n00:00.500 --> 00:01.000\nb\n", 10, 20),
    ]
    assert re.findall(r"(\S+) --> ", join(parts, start)) == ["00:00:00.500", "00:00:10.500"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Tom &amp; Jerry", "Tom &amp; Jerry"),
        ("&amp;quot;Nein&amp;quot;", '"Nein"'),
        ("&quot;Nein&quot; &#39;ja&#39; f&uuml;r", "\"Nein\" 'ja' für"),
        ("&lt;i&gt;Leise&lt;/i&gt;", "<i>Leise</i>"),
        ("1 &lt; 2", "1 &lt; 2"),
    ],
)
def test_text_that_was_escaped_for_html_is_shown_as_it_was_meant(written: str, shown: str) -> None:
    assert f"\n{shown}\n" in join([Part(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{written}\n")])


def test_a_broken_cue_costs_that_cue() -> None:
    text = (
        "WEBVTT - x\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE x\n\n00:01,000 --> 00:02,000\na\n\nx -->"
        " y\nb\n\n1\n00:03.000 --> 00:04.000\nc\n"
    )
    told = join([Part(text)])
    assert re.findall(r"\n([abc])\n", told) == ["a", "c"] and "STYLE\n::cue" in told


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PLAIN.encode(), "vtt"),
        (b"\xef\xbb\xbf" + PLAIN.encode(), "vtt"),
        (PLAIN.encode("utf-16"), "vtt"),
        (PLAIN.replace("-->", "--&gt;").encode(), "vtt"),
        (SRT.encode(), "srt"),
        (SRT.encode("cp1252"), "srt"),
        (ASS.encode(), "ass"),
    ],
)
def test_a_plain_file_of_a_player_is_kept_in_its_own_form(
    host: MediaHost, videos: Videos, ask: Ask, body: bytes, kind: str
) -> None:
    host.files |= {"/v.mp4": videos.mp4, "/subs": body}
    tracks = (SubtitleTrack(host.url("/subs"), "ger", "Deutsch"),)
    result = ask("/v.mp4", stream={"subtitles": tracks}, language="ger-sub").run()
    assert kinds(result) == [("ger", kind)]
    assert read(result)[0][:2] == ("00:01,000", "00:03,000")
    assert "Grüße & Küsse" in read(result)[0][2] if kind == "srt" else "Hallo" in read(result)[0][2]
    assert result.path.read_bytes() == videos.mp4, "the video stays as it came"


def test_inside_an_mkv_they_are_tagged_and_the_wanted_ones_are_shown(
    host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path
) -> None:
    signs = ENGLISH.replace('NAME="English"', 'NAME="English (Forced)",FORCED=YES')
    master(host, videos, ENGLISH.format("/en.vtt"), signs.format("/f.ass"), GERMAN.format("de.m3u8"))
    segmented(host, "de", [PLAIN])
    host.files |= {"/en.vtt": PLAIN.encode(), "/f.ass": ASS.encode()}
    asked = ask("/hls/master.m3u8", StreamKind.HLS, language="ger-sub", subtitles="mkv")
    result = asked.run()
    assert (result.container, asked.left) == ("mkv", {"media.mkv", "media.json"})
    assert [one.name for one in result.subtitles] == ["", "", ""]
    told = subprocess.run(["ffmpeg", "-i", str(result.path)], capture_output=True, text=True).stderr
    found = re.findall(r"\((\w+)\): Subtitle: (\w+)([^\n]*)", told)
    assert [(language, codec) for language, codec, _ in found] == [("ger", "subrip"), ("eng", "subrip"), ("eng", "ass")]
    assert "default" in found[0][2] and "default" not in found[1][2] and "forced" in found[2][2]
    assert cues(result.path) == EXPECTED
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    assert frames(result.path) == frames(tmp_path / "clip.mp4")


@pytest.mark.parametrize("mode", ["files", "mkv"])
def test_what_cannot_be_had_is_said_and_costs_no_episode(host: MediaHost, videos: Videos, ask: Ask, mode: str) -> None:
    master(host, videos, GERMAN.format("gone.m3u8"), ENGLISH.format("/en.vtt"))
    host.files["/en.vtt"] = PLAIN.encode()
    result = ask("/hls/master.m3u8", StreamKind.HLS, language="ger-sub", subtitles=mode).run()
    assert kinds(result) == [("eng", "vtt")]
    assert result.without_subtitles
    assert result.subtitles_lost == "Not all subtitles could be had. German: 127.0.0.1 answers with status 404."
    dub = ask("/hls/master.m3u8", StreamKind.HLS, language="ger-dub").run()
    assert dub.subtitles_lost and not dub.without_subtitles, "a dubbed episode is whole without them"


def hidden(request: Request) -> bool:
    request.answer(302, b"", Location="http://169.254.169.254/latest/meta-data")
    return True


def page(request: Request) -> bool:
    request.answer(200, b"<!doctype html><p>Please wait", Content_Type="text/html")
    return True


def endless(request: Request) -> bool:
    request.head(200, Content_Length=str(20_000_000))
    request.send(b"WEBVTT\n\n" + b"x" * 19_999_992)
    return True


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(hidden, "169.254.169.254"), (page, "not subtitles in a known form"), (endless, "more data than a subtitle file")],
)
def test_the_same_gate_and_limits_hold_for_them(
    host: MediaHost, videos: Videos, ask: Ask, fault: object, reason: str
) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.faults["/subs.vtt"] = fault  # type: ignore[assignment]
    tracks = (SubtitleTrack(host.url("/subs.vtt"), "ger"),)
    result = ask("/v.mp4", stream={"subtitles": tracks}, language="ger-sub").run()
    assert result.without_subtitles and reason in (result.subtitles_lost or "")
    assert result.path.read_bytes() == videos.mp4


def test_a_silent_host_of_subtitles_does_not_stall_the_video(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4

    def silent(request: Request) -> bool:
        request.wait(60)
        return True

    host.faults["/subs.vtt"] = silent
    tracks = (SubtitleTrack(host.url("/subs.vtt"), "ger"),)
    result = ask("/v.mp4", stream={"subtitles": tracks}, language="ger-dub", stall_timeout_s=1.0).run()
    assert result.path.read_bytes() == videos.mp4
    assert "did not answer in time" in (result.subtitles_lost or "")


def test_without_required_subtitles_no_byte_of_the_video_is_fetched(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    tracks = (SubtitleTrack(host.url("/subs.vtt"), "ger"),)
    with pytest.raises(HosterUnsupported, match="subtitles in German cannot be had"):
        ask("/v.mp4", stream={"subtitles": tracks}, language="ger-sub", require_subtitles=True).run()
    assert host.count["/v.mp4"] == 0


def test_switched_off_nothing_is_fetched_and_an_episode_that_needs_them_says_so(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    host.files |= {"/v.mp4": videos.mp4, "/subs.vtt": PLAIN.encode()}
    tracks = (SubtitleTrack(host.url("/subs.vtt"), "ger"),)
    result = ask("/v.mp4", stream={"subtitles": tracks}, language="ger-sub", subtitles="off").run()
    assert (host.count["/subs.vtt"], result.subtitles, result.without_subtitles) == (0, (), True)
    assert "switched off" in (result.subtitles_lost or "")
    dub = ask("/v.mp4", stream={"subtitles": tracks}, language="ger-dub", subtitles="off").run()
    assert (dub.subtitles_lost, dub.without_subtitles) == (None, False)


def test_pictures_of_the_time_line_are_no_subtitles(host: MediaHost, videos: Videos, ask: Ask) -> None:
    pictures = (
        "WEBVTT\n\n00:00.000 --> 00:05.000\nsprite.jpg#xywh=0,0,160,90\n\n00:05.000 -->"
        " 00:10.000\nsprite.jpg#xywh=160,0,160,90\n"
    )
    host.files |= {"/v.mp4": videos.mp4, "/subs.vtt": pictures.encode()}
    result = ask("/v.mp4", stream={"subtitles": (SubtitleTrack(host.url("/subs.vtt")),)}, language="ger-sub").run()
    assert (result.subtitles, result.subtitles_lost, result.without_subtitles) == ((), None, False)


def test_a_video_whose_subtitles_are_in_the_picture_misses_nothing(host: MediaHost, videos: Videos, ask: Ask) -> None:
    master(host, videos)
    result = ask("/hls/master.m3u8", StreamKind.HLS, language="ger-sub", require_subtitles=True).run()
    assert (result.subtitles, result.subtitles_lost, result.without_subtitles) == ((), None, False)


def test_a_killed_transfer_has_its_subtitles_from_before(host: MediaHost, videos: Videos, ask: Ask) -> None:
    """Their address works once; a finished file that was never picked up still has them."""
    host.files["/v.mp4"] = videos.mp4

    def once(request: Request) -> bool:
        request.answer(200 if request.number == 1 else 404, PLAIN.encode())
        return True

    host.faults["/subs.vtt"] = once
    host.faults["/v.mp4"] = lambda request: request.answer(404, b"") is None
    tracks = (SubtitleTrack(host.url("/subs.vtt?token=1"), "ger"),)
    first = ask("/v.mp4", stream={"subtitles": tracks}, language="ger-sub")
    with pytest.raises(Exception, match="no longer has this file"):
        first.run()
    del host.faults["/v.mp4"]
    again = (replace(tracks[0], url=host.url("/subs.vtt?token=2")),)
    job = replace(first.job, stream=replace(first.job.stream, subtitles=again))
    result = type(first.transfer)(job).run()
    assert read(result) == EXPECTED
    assert type(first.transfer)(job).run() == result, "the finished file is not made again"
    (result.path.parent / result.subtitles[0].name).unlink()
    assert type(first.transfer)(job).run().without_subtitles


def test_names_are_those_that_media_servers_read() -> None:
    files = [
        SubtitleFile("a", "vtt", "ger"),
        SubtitleFile("b", "vtt", "ger", forced=True),
        SubtitleFile("c", "srt", "eng", sdh=True),
        SubtitleFile("d", "vtt", "ger"),
        SubtitleFile("e", "ass", ""),
        SubtitleFile("f", "vtt", "../x"),
    ]
    assert suffixes(files) == [".de.vtt", ".de.forced.vtt", ".en.sdh.srt", ".2.de.vtt", ".ass", ".vtt"]
    with pytest.raises(ValueError, match="not a format"):
        suffixes([SubtitleFile("g", "exe", "ger")])
