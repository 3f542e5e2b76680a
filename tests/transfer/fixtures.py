"""Real videos, made once by ffmpeg, a media host on loopback, and a way to ask for a transfer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from aniworld.core.media import Stream, StreamKind
from aniworld.transfer.protocol.job import Progress, TransferJob, TransferResult
from aniworld.transfer.supervisor import Transfer
from tests.shared import shared_folder
from tests.transfer.media_server import MediaHost

SECONDS = 12


@dataclass(frozen=True)
class Videos:
    """``mp4``, ``webm``, ``ts``: whole files. ``hls``, ``aes``, ``fmp4``, ``apart``: playlist folders by file name."""

    mp4: bytes
    webm: bytes
    ts: bytes
    hls: dict[str, bytes]
    aes: dict[str, bytes]
    fmp4: dict[str, bytes]
    apart: dict[str, bytes]
    dash: dict[str, bytes]


def _ffmpeg(folder: Path, *args: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *args], cwd=folder, check=True, stdin=subprocess.DEVNULL)


def _read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _hls(base: Path, name: str, *args: str) -> None:
    folder = base / name
    folder.mkdir()
    ending = ("-hls_time", "1", "-hls_playlist_type", "vod")
    _ffmpeg(folder, "-i", "../clip.mp4", "-c", "copy", "-f", "hls", *ending, *args, "list.m3u8")


def _apart(base: Path) -> None:
    """Two qualities, and sound apart from the picture in two languages."""
    folder = base / "apart"
    folder.mkdir()
    common = ("-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod")
    _ffmpeg(folder, "-i", "../clip.mp4", "-an", *common, "high.m3u8")
    _ffmpeg(folder, "-i", "../clip.mp4", "-an", "-c:v", "libx264", "-s", "160x90", "-g", "25", *common[2:], "low.m3u8")
    _ffmpeg(folder, "-i", "../clip.mp4", "-vn", *common, "ja.m3u8")
    _ffmpeg(folder, "-i", "../clip.mp4", "-vn", *common, "de.m3u8")
    sound = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",LANGUAGE="{}",NAME="{}",DEFAULT={},URI="{}.m3u8"\n'
    (folder / "list.m3u8").write_text(
        "#EXTM3U\n"
        + sound.format("ja", "Japanese", "YES", "ja")
        + sound.format("de", "Deutsch", "NO", "de")
        + '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=160x90,AUDIO="a"\nlow.m3u8\n'
        + '#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180,AUDIO="a"\nhigh.m3u8\n'
    )


def _aes(base: Path) -> None:
    (base / "enc.key").write_bytes(bytes(range(16)))
    (base / "enc.info").write_text(f"enc.key\n{base / 'enc.key'}\n")
    _hls(base, "aes", "-hls_key_info_file", str(base / "enc.info"))
    (base / "enc.key").rename(base / "aes" / "enc.key")


def _dash(base: Path) -> None:
    folder = base / "dash"
    folder.mkdir()
    _ffmpeg(folder, "-i", "../clip.mp4", "-c", "copy", "-f", "dash", "-seg_duration", "2", "list.mpd")


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Videos:
    base = shared_folder(tmp_path_factory, "videos")
    with FileLock(base / "lock"):
        if not (base / "whole").exists():
            _draw(base)
            (base / "whole").touch()
    return Videos(
        mp4=(base / "clip.mp4").read_bytes(),
        webm=(base / "clip.webm").read_bytes(),
        ts=(base / "clip.ts").read_bytes(),
        **{name: _read(base / name) for name in ("hls", "aes", "fmp4", "apart", "dash")},
    )


def _draw(base: Path) -> None:
    picture = ("-f", "lavfi", "-i", f"testsrc2=s=320x180:r=25:d={SECONDS}")
    sound = ("-f", "lavfi", "-i", f"sine=d={SECONDS}")
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-b:v", "4000k", "-c:a", "aac")
    _ffmpeg(base, *picture, *sound, *coding, "-movflags", "+faststart", "clip.mp4")
    _ffmpeg(base, "-i", "clip.mp4", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis", "clip.webm")
    _ffmpeg(base, "-i", "clip.mp4", "-c", "copy", "clip.ts")
    _hls(base, "hls")
    _hls(base, "fmp4", "-hls_segment_type", "fmp4")
    _aes(base)
    _apart(base)
    _dash(base)


@pytest.fixture
def host() -> Iterator[MediaHost]:
    made = MediaHost()
    yield made
    made.close()


@dataclass
class Asked:
    """One transfer and what it told."""

    transfer: Transfer
    job: TransferJob
    told: list[Progress] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def run(self) -> TransferResult:
        return self.transfer.run()

    @property
    def left(self) -> set[str]:
        """Names in the job's folder, the lock left out."""
        return {path.name for path in self.job.folder.iterdir()} - {".lock"} if self.job.folder.is_dir() else set()


Ask = Callable[..., Asked]


@pytest.fixture
def ask(host: MediaHost, tmp_path: Path) -> Ask:
    """``ask("/path", kind=..., **fields of the job)``: a transfer that is ready to run, in ``<tmp>/library/item``."""
    (tmp_path / "library").mkdir()

    def make(
        path: str, kind: StreamKind = StreamKind.FILE, stream: dict[str, Any] | None = None, **fields: Any
    ) -> Asked:
        url = path if "://" in path else host.url(path)
        job = TransferJob(
            Stream(kind, url, **(stream or {})),
            tmp_path / "library" / "item",
            stall_timeout_s=20.0,
            retry_pause_s=0.05,
            private_hosts=(host.address,),
        )
        asked = Asked(Transfer.__new__(Transfer), replace(job, **fields))
        asked.transfer = Transfer(asked.job, on_progress=asked.told.append, on_size=asked.sizes.append)
        return asked

    return make


def serve(host: MediaHost, folder: str, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        host.files[f"/{folder}/{name}"] = data


def frames(path: Path) -> str:
    """A fingerprint of every decoded frame, so that two containers with the same content compare equal."""
    command = [str(shutil.which("ffmpeg")), "-v", "error", "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return "\n".join(line.rsplit(",", 1)[-1] for line in lines if not line.startswith("#"))


@pytest.fixture
def clip(videos: Videos, tmp_path: Path) -> str:
    """The fingerprint of what every playlist here has to become."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(videos.mp4)
    return frames(path)
