"""Programmes in fragmented MP4 of several stretches, each with a time that begins at nought: made once by ffmpeg."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.transfer.media_server import MediaHost

LENGTH = 4  # seconds of every stretch
_SOUND = {"quiet": "anullsrc=r=44100:cl=mono", "loud": "sine=f=880:r=44100"}


@dataclass(frozen=True)
class Programmes:
    """``files``: maps, segments and playlists by name. ``clips``: the same stretches as whole files."""

    files: dict[str, bytes]
    clips: Path

    def serve(self, host: MediaHost) -> None:
        for name, content in self.files.items():
            host.files[f"/p/{name}"] = content

    def playlist(self, names: Sequence[str], *, maps: bool = True) -> str:
        """The stretches one after the other; without ``maps`` only the first states its map."""
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:2", "#EXT-X-PLAYLIST-TYPE:VOD"]
        for place, name in enumerate(names):
            text = self.files[f"{name}.m3u8"].decode()
            start = "#EXT-X-MAP" if maps or not place else "#EXTINF"
            lines += ["#EXT-X-DISCONTINUITY"] * bool(place)
            lines.append(text[text.index(start) : text.index("#EXT-X-ENDLIST")].strip())
        return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _ffmpeg(folder: Path, *args: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *args], cwd=folder, check=True, stdin=subprocess.DEVNULL)


def _clip(folder: Path, name: str, picture: str, sound: str, *coding: str) -> None:
    inputs = ("-f", "lavfi", "-i", f"{picture}:r=24000/1001:d={LENGTH}", "-f", "lavfi", "-t", str(LENGTH), "-i", sound)
    common = ("-pix_fmt", "yuv420p", "-g", "24", "-c:a", "aac", "-b:a", "64k")
    _ffmpeg(folder, *inputs, *common, *coding, f"{name}.mp4")


def _cut(folder: Path, clip: str, name: str, *what: str) -> None:
    ending = ("-f", "hls", "-hls_time", "1", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4")
    names = ("-hls_fmp4_init_filename", f"{name}-map.mp4", "-hls_segment_filename", f"{name}-%d.m4s", f"{name}.m3u8")
    _ffmpeg(folder, "-i", f"{clip}.mp4", *what, "-c", "copy", *ending, *names)


@pytest.fixture(scope="session")
def programmes(tmp_path_factory: pytest.TempPathFactory) -> Programmes:
    """``one`` and ``two``: other pictures, other coder settings, ``one`` in silence. ``large``: twice the size.
    ``mute``: without sound. ``old``, ``new``: HEVC. Of ``one`` and ``two`` also picture and sound apart, and the
    sound packed (ADTS)."""
    folder = tmp_path_factory.mktemp("programmes")
    h264, plain = ("-c:v", "libx264", "-preset"), "testsrc2=s=320x180"
    h265 = ("-c:v", "libx265", "-tag:v", "hvc1", "-x265-params", "log-level=none:open-gop=0", "-preset")
    _clip(folder, "one", plain, _SOUND["quiet"], *h264, "ultrafast", "-b:v", "2000k")
    _clip(folder, "two", "testsrc=s=320x180", _SOUND["loud"], *h264, "medium")
    _clip(folder, "large", "testsrc2=s=640x360", _SOUND["loud"], *h264, "ultrafast")
    _clip(folder, "mute", plain, _SOUND["quiet"], *h264, "ultrafast", "-an")
    _clip(folder, "old", plain, _SOUND["quiet"], *h265, "ultrafast")
    _clip(folder, "new", "testsrc=s=320x180", _SOUND["loud"], *h265, "fast")
    for name in ("one", "two", "large", "mute", "old", "new"):
        _cut(folder, name, name)
    for name in ("one", "two"):
        _cut(folder, name, f"{name}-picture", "-an")
        _cut(folder, name, f"{name}-sound", "-vn")
        _ffmpeg(folder, "-i", f"{name}.mp4", "-vn", "-c", "copy", f"{name}.aac")
    return Programmes({path.name: path.read_bytes() for path in folder.iterdir()}, folder)


def times(path: Path, stream: str) -> list[float]:
    """When each decoded frame of the stream (``v`` or ``a``) is shown or heard, in seconds."""
    command = [
        str(shutil.which("ffmpeg")),
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        f"0:{stream}:0",
        "-f",
        "framemd5",
        "-",
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    above, below = re.search(r"#tb 0: (\d+)/(\d+)", text).groups()
    return [int(line.split(",")[2]) * int(above) / int(below) for line in text.splitlines() if line[:1] == "0"]


def silences(path: Path) -> list[tuple[float, float]]:
    """From when to when nothing is heard, in seconds; what lasts to the end is left out."""
    command = [
        str(shutil.which("ffmpeg")),
        "-i",
        str(path),
        "-vn",
        "-af",
        "silencedetect=n=-40dB:d=0.5",
        "-f",
        "null",
        "-",
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    starts = re.findall(r"silence_start: (-?[\d.]+)", text)
    ends = re.findall(r"silence_end: (-?[\d.]+)", text)
    return [(float(start), float(end)) for start, end in zip(starts, ends, strict=False)]
