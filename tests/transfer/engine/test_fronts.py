"""Media with something in front of it: pictures, tags and filler bytes before parts of a playlist and before whole
files.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from aniworld.core.errors import WrongMedia
from aniworld.core.media import StreamKind
from aniworld.transfer.engine.media_sniffer import FRONT, begins_media, media_start
from tests.transfer.fixtures import Ask, Videos, frames, serve
from tests.transfer.media_server import MediaHost, Request


def _id3(text: bytes) -> bytes:
    """An ID3v2.4 tag with one frame, as packaged audio and some proxies put it in front."""
    frame = b"TXXX" + len(text).to_bytes(4, "big") + b"\x00\x00" + text
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + size + frame


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Whole small pictures, the first bytes of one, and what is no picture at all."""
    folder = tmp_path_factory.mktemp("pictures")
    for kind in ("png", "gif", "jpg", "bmp", "webp"):
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1", f"p.{kind}"]
        subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)
    found = {path.suffix[1:]: path.read_bytes() for path in folder.iterdir()}
    grey = found["bmp"][:54] + b"\x47" * (len(found["bmp"]) - 54)
    junk = bytes(place * 7 % 251 for place in range(1000))
    return found | {"head": found["png"][:8], "grey": grey, "junk": junk, "large": found["png"] + b"\x47\x00" * 60_000}


@pytest.mark.parametrize("kind", ["hls", "fmp4"])
@pytest.mark.parametrize("picture", ["png", "gif", "jpg", "bmp", "webp", "head", "grey", "junk", "large"])
def test_media_behind_a_picture_is_found(
    host: MediaHost, videos: Videos, ask: Ask, clip: str, pictures: dict[str, bytes], kind: str, picture: str
) -> None:
    files = getattr(videos, kind)
    serve(host, "d", {name: data if "m3u8" in name else pictures[picture] + data for name, data in files.items()})
    assert frames(ask("/d/list.m3u8", StreamKind.HLS).run().path) == clip


def test_a_picture_of_its_own_size_before_each_part_and_none_before_some(
    host: MediaHost, videos: Videos, ask: Ask, clip: str, pictures: dict[str, bytes]
) -> None:
    fronts = [pictures["png"], b"", pictures["gif"], pictures["head"]]
    for place, name in enumerate(sorted(videos.hls)):
        host.files[f"/d/{name}"] = (b"" if "m3u8" in name else fronts[place % 4]) + videos.hls[name]
    assert frames(ask("/d/list.m3u8", StreamKind.HLS, connections=3).run().path) == clip


def test_encrypted_media_behind_a_picture_is_found(
    host: MediaHost, videos: Videos, ask: Ask, clip: str, pictures: dict[str, bytes]
) -> None:
    key = bytes(range(16))
    host.files["/d/k"] = key
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", '#EXT-X-KEY:METHOD=AES-128,URI="k"']
    for place in range(12):
        plain = pictures["png"] + videos.hls[f"list{place}.ts"]
        padder, coder = PKCS7(128).padder(), Cipher(AES(key), CBC(place.to_bytes(16, "big"))).encryptor()
        host.files[f"/d/{place}.ts"] = coder.update(padder.update(plain) + padder.finalize()) + coder.finalize()
        lines += ["#EXTINF:1.0,", f"{place}.ts"]
    host.files["/d/list.m3u8"] = "\n".join([*lines, "#EXT-X-ENDLIST", ""]).encode()
    assert frames(ask("/d/list.m3u8", StreamKind.HLS).run().path) == clip


def test_a_packet_that_is_cut_in_two_by_the_parts_stays_whole(
    host: MediaHost, videos: Videos, ask: Ask, clip: str
) -> None:
    """What stands before the first sync belongs to the part before it."""
    whole = b"".join(videos.hls[f"list{place}.ts"] for place in range(12))
    step = len(whole) // 12 + 1
    for place in range(12):
        host.files[f"/d/list{place}.ts"] = whole[place * step : (place + 1) * step]
    host.files["/d/list.m3u8"] = videos.hls["list.m3u8"]
    assert frames(ask("/d/list.m3u8", StreamKind.HLS).run().path) == clip


def test_a_picture_in_a_parts_place_is_no_part(
    host: MediaHost, videos: Videos, ask: Ask, pictures: dict[str, bytes]
) -> None:
    serve(host, "d", videos.hls | {"list5.ts": pictures["png"]})
    with pytest.raises(WrongMedia, match="picture"):
        ask("/d/list.m3u8", StreamKind.HLS).run()


FRONTS = {
    "id3": _id3(b"timestamp"),
    "two tags": _id3(b"one") + _id3(b"two"),
    "id3 that names other media": _id3(b"\xff\xf1\x50\x80" + b"\x00" * 90),
    "large id3": _id3(b"\x89PNG" + bytes(range(1, 128)) * 4000),
    "id3 and filler": _id3(b"x") + b"\x00" * 700,
    "0xFF": b"\xff" * 500,
    "zeros": b"\x00" * 3000,
    "one ADTS header": b"\xff\xf1\x50\x80\x03\xff\xfc" + b"\x21" * 300,
    "just within the bound": b"\x11" * (FRONT - 1),
}


@pytest.mark.parametrize("kind", ["hls", "fmp4"])
@pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
def test_media_behind_tags_and_filler_is_found(
    host: MediaHost, videos: Videos, ask: Ask, clip: str, front: bytes, kind: str
) -> None:
    files = getattr(videos, kind)
    serve(host, "d", {name: data if "m3u8" in name else front + data for name, data in files.items()})
    assert frames(ask("/d/list.m3u8", StreamKind.HLS).run().path) == clip


@pytest.mark.parametrize(("codec", "form"), [("aac", "adts"), ("libmp3lame", "mp3"), ("ac3", "ac3")])
@pytest.mark.parametrize("tagged", [True, False])
def test_sound_in_frames_is_sound_with_a_tag_and_without(
    host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path, codec: str, form: str, tagged: bool
) -> None:
    """Packed audio (RFC 8216, 3.4) next to a track with the picture."""
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        "clip.mp4",
        "-vn",
        "-c:a",
        codec,
        "-id3v2_version",
        "0",
        "-f",
        form,
        "sound",
    ]
    subprocess.run(
        [one for one in command if form == "mp3" or one not in ("-id3v2_version", "0")], cwd=tmp_path, check=True
    )
    sound = (tmp_path / "sound").read_bytes()
    serve(host, "d", videos.apart | {"s.aac": (_id3(b"x") if tagged else b"") + sound})
    host.files["/d/de.m3u8"] = b"#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\ns.aac\n#EXT-X-ENDLIST\n"
    result = ask("/d/list.m3u8", StreamKind.HLS, language="ger-dub").run()
    assert result.audio_languages == ("ger",)
    assert result.duration == pytest.approx(12, abs=0.5)


PAGE = b"<!DOCTYPE html><html><body>Not found</body></html>"


@pytest.mark.parametrize("kind", ["hls", "fmp4"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PAGE, "web page"),
        (b"\x00" * 300_000, "unknown data"),
        (b"\xff" * 300_000, "unknown data"),
        (b"ID3" + b"\x7f" * 500, "unknown data"),
        (bytes(place * 7 % 251 for place in range(400_000)), "unknown data"),
    ],
    ids=["page", "zeros", "0xFF", "a tag without an end", "noise"],
)
def test_parts_without_media_are_said_to_be_so(
    host: MediaHost, videos: Videos, ask: Ask, kind: str, data: bytes, said: str
) -> None:
    files = getattr(videos, kind)
    serve(host, "d", {name: old if "m3u8" in name else data for name, old in files.items()})
    with pytest.raises(WrongMedia, match=f"127.0.0.1 sent .*{said}"):
        ask("/d/list.m3u8", StreamKind.HLS).run()


def test_media_beyond_the_bound_is_not_searched_for(host: MediaHost, videos: Videos, ask: Ask) -> None:
    front = b"\x11" * (FRONT + 1)
    serve(host, "d", {name: data if "m3u8" in name else front + data for name, data in videos.hls.items()})
    with pytest.raises(WrongMedia, match="unknown data"):
        ask("/d/list.m3u8", StreamKind.HLS).run()


def test_zeros_in_a_later_part_are_no_part(host: MediaHost, videos: Videos, ask: Ask) -> None:
    serve(host, "d", videos.hls | {"list5.ts": b"\x00" * 50_000})
    with pytest.raises(WrongMedia, match="unknown data"):
        ask("/d/list.m3u8", StreamKind.HLS).run()


@pytest.mark.parametrize(
    ("kind", "picture"),
    [
        *(("mp4", one) for one in ("png", "gif", "jpg", "bmp", "webp", "head", "grey", "large")),
        *(("ts", one) for one in ("png", "bmp", "grey")),
        *(("webm", one) for one in ("gif", "webp")),
    ],
)
def test_a_whole_file_behind_a_picture_is_found(
    host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path, pictures: dict[str, bytes], kind: str, picture: str
) -> None:
    plain = tmp_path / f"plain.{kind}"
    plain.write_bytes(getattr(videos, kind))
    host.files["/v"] = pictures[picture] + plain.read_bytes()
    asked = ask("/v", connections=3)
    path = asked.run().path
    assert frames(path) == frames(plain)
    assert kind == "ts" or path.read_bytes() == plain.read_bytes()
    assert asked.left == {path.name, "media.json"}


def test_a_matroska_file_behind_a_picture_is_found(
    host: MediaHost, videos: Videos, ask: Ask, clip: str, tmp_path: Path, pictures: dict[str, bytes]
) -> None:
    (tmp_path / "clip.mp4").write_bytes(videos.mp4)
    subprocess.run(["ffmpeg", "-v", "error", "-i", "clip.mp4", "-c", "copy", "clip.mkv"], cwd=tmp_path, check=True)
    host.files["/v"] = pictures["jpg"] + (tmp_path / "clip.mkv").read_bytes()
    result = ask("/v").run()
    assert (result.container, frames(result.path)) == ("mkv", clip)


@pytest.mark.parametrize("front", ["id3", "0xFF", "zeros", "large id3"])
def test_a_whole_file_behind_tags_and_filler_is_found(host: MediaHost, videos: Videos, ask: Ask, front: str) -> None:
    host.files["/v"] = FRONTS[front] + videos.mp4
    assert ask("/v").run().path.read_bytes() == videos.mp4


def test_a_whole_file_behind_a_picture_is_found_without_ranges(
    host: MediaHost, videos: Videos, ask: Ask, pictures: dict[str, bytes]
) -> None:
    def whole(request: Request) -> bool:
        request.answer(200, pictures["png"] + videos.mp4, Content_Type="video/mp4")
        return True

    host.faults["/v"] = whole
    assert ask("/v").run().path.read_bytes() == videos.mp4


@pytest.mark.parametrize("kind", ["mp4", "ts", "webm"])
def test_a_file_with_nothing_in_front_stays_as_it_is(host: MediaHost, videos: Videos, ask: Ask, kind: str) -> None:
    data = getattr(videos, kind)
    assert media_start(data) == 0
    host.files["/v"] = data
    assert kind == "ts" or ask("/v").run().path.read_bytes() == data


@pytest.mark.parametrize("picture", ["png", "gif", "jpg", "bmp", "webp"])
def test_a_picture_in_a_videos_place_is_said_to_be_one(
    host: MediaHost, ask: Ask, pictures: dict[str, bytes], picture: str
) -> None:
    host.files["/v"] = pictures[picture]
    asked = ask("/v")
    with pytest.raises(WrongMedia, match="127.0.0.1 sent a picture instead of a video"):
        asked.run()
    assert asked.left == set()


@pytest.mark.parametrize(
    ("data", "said"),
    [(PAGE, "web page"), (b"\x00" * 400_000, "no video"), (b"\x11" * (FRONT + 1), "no video")],
    ids=["page", "zeros", "beyond the bound"],
)
def test_a_file_without_media_in_reach_is_said_to_be_none(
    host: MediaHost, videos: Videos, ask: Ask, data: bytes, said: str
) -> None:
    host.files["/v"] = data if data.startswith(b"\x00") else data + videos.mp4
    with pytest.raises(WrongMedia, match=said):
        ask("/v").run()


@pytest.mark.parametrize(
    "start",
    [
        b"\xff\xf1\x50\x80\x03\xff\xfc" + b"\x21" * 24,  # one frame of 31 bytes that fills the data
        b"\xff\xfb\x90\x00" + b"\x00" * 413 + b"\xff\xfb\x90\x00" + b"\x00" * 100,  # a whole frame and a part of one
        b"RIFF\x00\x10\x00\x00AVI LIST",
        b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat",
    ],
    ids=["adts", "mp3", "avi", "quicktime"],
)
def test_a_start_that_is_media(start: bytes) -> None:
    assert begins_media(start)


@pytest.mark.parametrize(
    "start",
    [
        b"\xff" * 500,
        b"\xff\xf1\x50\x80" + b"\x00" * 600,
        b"\xff\xd8\xff\xe0" * 99,
        b"GIF89a" + b"\x00" * 90,
        b"",
        b"ID3",
    ],
    ids=["0xFF", "one header", "jpeg", "small gif", "nothing", "a tag that is cut off"],
)
def test_a_start_that_is_none(start: bytes) -> None:
    assert not begins_media(start)
    assert media_start(start) is None
