"""A picture belongs to the nearest class, wherever its size comes from."""

from __future__ import annotations

import pytest

from aniworld.core.heights import beyond, class_of, height_in, label_of, limit_of, nominal_height
from aniworld.providers.hosters.open_player import choose as choose_source
from aniworld.providers.hosters.player_page import Medium
from aniworld.transfer.fetchers.hls_playlist import choose, parse
from aniworld.transfer.fetchers.ytdlp import YoutubeDL, format_choice

LADDERS = [
    ("1080p", (1920, 1088), (640, 360)),
    ("1080p", (1440, 1080), (480, 360)),
    ("1080p", (1920, 804), (640, 268)),
    ("1080p", (1916, 1036), (852, 460)),
    ("1080p", (2560, 1080), (1280, 720)),
    ("1080p", (1080, 2560), (720, 1280)),
    ("720p", (1720, 720), (640, 360)),
    ("1080p", (1080, 1920), (360, 640)),
    ("720p", (1280, 534), (640, 266)),
    ("720p", (1280, 736), (848, 480)),
    ("720p", (960, 720), (480, 360)),
    ("480p", (864, 486), (640, 360)),
    ("480p", (640, 480), (480, 360)),
    ("360p", (640, 368), (426, 240)),
]


@pytest.mark.parametrize(
    ("size", "nearest", "label"),
    [
        ((1920, 1088), 1080, "1080p"),
        ((1440, 1080), 1080, "1080p"),
        ((1920, 804), 1080, "1080p"),
        ((1280, 536), 720, "720p"),
        ((2560, 1080), 1080, "1080p"),
        ((1080, 2560), 1080, "1080p"),
        ((1720, 720), 720, "720p"),
        ((3440, 1440), 1440, "1440p"),
        ((854, 480), 480, "480p"),
        ((1024, 576), 480, "576p"),
        ((320, 180), 180, "180p"),
        ((1080, 1920), 1080, "1080p"),
        ((3840, 1608), 2160, "2160p"),
        ((None, 1088), 1080, "1080p"),
        ((None, None), 0, ""),
    ],
)
def test_the_nearest_class_is_taken_and_named(size: tuple[int | None, int | None], nearest: int, label: str) -> None:
    assert (class_of(*size), label_of(*size)) == (nearest, label)


def test_a_wished_quality_is_a_class() -> None:
    assert [limit_of(one) for one in ("best", "worst", "360p", "1080p", "p", "²p")] == [
        None,
        None,
        360,
        1080,
        None,
        None,
    ]
    assert all(
        class_of(None, beyond(one) - 1) == one and class_of(None, beyond(one)) > one for one in (360, 480, 720, 1080)
    )


@pytest.mark.parametrize(("quality", "wished", "smaller"), LADDERS)
def test_a_master_playlist_gives_the_wished_class(
    quality: str, wished: tuple[int, int], smaller: tuple[int, int]
) -> None:
    beyond_it = (wished[0] * 2, wished[1] * 2)
    lines = [
        f"#EXT-X-STREAM-INF:BANDWIDTH={w * h},RESOLUTION={w}x{h}\n{w}.m3u8" for w, h in (smaller, beyond_it, wished)
    ]
    master = parse("\n".join(["#EXTM3U", *lines, ""]), "https://cdn.example/master.m3u8")
    assert choose(master, quality, None).video == f"https://cdn.example/{wished[0]}.m3u8"


@pytest.mark.parametrize(("quality", "wished", "smaller"), LADDERS)
def test_yt_dlp_is_asked_for_the_wished_class(quality: str, wished: tuple[int, int], smaller: tuple[int, int]) -> None:
    sizes = (smaller, wished, (wished[0] * 2, wished[1] * 2))
    formats = [
        {
            "format_id": str(w),
            "url": "https://x.example/v.mp4",
            "ext": "mp4",
            "protocol": "https",
            "width": w,
            "height": h,
            "vcodec": "h264",
            "acodec": "aac",
        }
        for w, h in sizes
    ]
    with YoutubeDL({"quiet": True}) as ydl:
        found = ydl.build_format_selector(format_choice(quality, None))(
            {"formats": formats, "incomplete_formats": False}
        )
        assert next(iter(found))["format_id"] == str(wished[0])


def test_sources_of_a_page_are_classed_alike() -> None:
    ladder = [Medium("360.mp4", 360, "mp4"), Medium("1088.mp4", 1088, "mp4"), Medium("2160.mp4", 2160, "mp4")]
    assert choose_source(ladder, "1080p").url == "1088.mp4"
    assert choose_source(ladder, "720p").url == "360.mp4"


@pytest.mark.parametrize(
    ("width", "height", "lines"), [(1920, 804, 1080), (1024, 576, 576), (None, 720, 720), (None, None, None)]
)
def test_lines_are_those_of_the_label(width: int | None, height: int | None, lines: int | None) -> None:
    assert nominal_height(width, height) == lines


@pytest.mark.parametrize(
    ("name", "height"),
    [
        ("Dark - S01E02 [1080p].mkv", 1080),
        ("Season 01 [480p]/Dark - S01E02 720p.mkv", 720),
        ("Dark - S01E02.mkv", None),
        ("Dark - S01E02 x1080px.mkv", None),
    ],
)
def test_the_last_height_that_a_name_states_counts(name: str, height: int | None) -> None:
    assert height_in(name) == height
