"""The demo's videos, made with ffmpeg when they are first asked for and kept in a folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from functools import cache
from pathlib import Path

from aniworld.core.errors import NotFound, Unavailable
from aniworld.demo.facts import Copy, DemoEpisode, DemoSeries

AUDIO = {"ger-dub": "deu", "ger-sub": "jpn", "eng-sub": "jpn", "eng-dub": "eng", "jpn": "jpn"}
SECONDS = 8
FILM_SECONDS = 12
_LOOKS = (  # quick to draw: small pictures, enlarged
    "gradients=size=160x90:rate=12:speed=0.03:n=5:seed=71,scale=640:360:flags=bicubic,noise=alls=10:allf=t",
    "testsrc2=size=640x360:rate=12,hue=h=200",
    "life=size=160x90:rate=12:mold=12:life_color=#f0c050:death_color=#203a60:random_seed=4,scale=640:360:flags=neighbor",
    "gradients=size=160x90:rate=12:speed=0.05:n=3:seed=9,scale=640:360:flags=bicubic,noise=alls=10:allf=t",
    "mandelbrot=size=128x72:rate=12:start_scale=2:end_scale=0.02:end_pts=300,scale=640:360:flags=bicubic",
    "testsrc2=size=640x360:rate=12,hue=h=70:s=0.6",
)
_NAME = re.compile(
    rf"bild[0-{len(_LOOKS) - 1}]-(folge|film)(-(deu|jpn|eng|halb)\.mp4|/(master|360p|180p|deu|jpn)\.m3u8|/(360p|180p|deu|jpn)\d{{1,3}}\.ts)"
)
_VIDEO = (
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
    "-g",
    "24",
    "-b:v",
    "1600k",
    "-maxrate",
    "2400k",
    "-bufsize",
    "2400k",
)
_PLAIN_VIDEO = ("-c:v", "mpeg4", "-q:v", "6", "-g", "24")
_AUDIO = ("-c:a", "aac", "-b:a", "96k", "-ac", "1")
MASTER = """#EXTM3U
#EXT-X-VERSION:4
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ton",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES,URI="deu.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ton",NAME="日本語",LANGUAGE="ja",DEFAULT=NO,AUTOSELECT=YES,URI="jpn.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=520000,RESOLUTION=320x180,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="ton"
180p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1900000,RESOLUTION=640x360,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="ton"
360p.m3u8
"""


@cache
def ffmpeg() -> str:
    """The ffmpeg to use: the system's, else the one that comes with imageio-ffmpeg. Raises Unavailable."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        import imageio_ffmpeg  # only where the system has none
    except ImportError:
        raise Unavailable("The demo needs ffmpeg to draw its videos; install ffmpeg or imageio-ffmpeg.") from None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


class Clips:
    """Media files under one folder, each made once, also when several ask for it at the same time.

    ``program``: the ffmpeg to use; None for the one that is found when the first clip is made.
    """

    def __init__(self, folder: Path, program: str | None = None) -> None:
        self.folder = folder
        self._program = program
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def name_for(self, series: DemoSeries, episode: DemoEpisode, copy: Copy) -> str:
        """Path below the folder of the media behind one copy of an episode; nothing is made yet."""
        look = f"bild{series.seed % len(_LOOKS)}-{'film' if episode.season == 0 else 'folge'}"
        if copy.hoster == "Wellenbad":
            return f"{look}/master.m3u8"
        return f"{look}-halb.mp4" if copy.hoster == "Halbmond" else f"{look}-{AUDIO[copy.language]}.mp4"

    def seconds_for(self, episode: DemoEpisode) -> int:
        return FILM_SECONDS if episode.season == 0 else SECONDS

    def get(self, name: str) -> Path:
        """The file of a name that ``name_for`` gave, or that a playlist names.

        Raises NotFound for any other name, Unavailable when it cannot be made.
        """
        if not _NAME.fullmatch(name):
            raise NotFound("The demo has no such clip.")
        path = self.folder / name
        if path.is_file():
            return path
        look = name.split("/", maxsplit=1)[0] if "/" in name else name
        with self._lock_of(look):
            if not path.is_file():
                self._make(name)
        if not path.is_file():
            raise NotFound("The demo has no such clip.")
        return path

    def _lock_of(self, name: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())

    def _make(self, name: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if "/" in name:
            self._make_playlist(self.folder / name.split("/", maxsplit=1)[0])
        elif name.endswith("-halb.mp4"):
            self._make_half(self.folder / name, name.removesuffix("-halb.mp4") + "-deu.mp4")
        else:
            look, _, audio = name.removesuffix(".mp4").rpartition("-")
            self._make_whole(self.folder / name, look, audio)

    def _make_whole(self, path: Path, look: str, audio: str) -> None:
        """The picture is drawn once for a look; each language is a copy with another tone and mark."""
        silent = self._silent(look)
        tone = {"deu": 220, "jpn": 330, "eng": 277}[audio]
        partial = _partial(path)
        self._run(
            "-i",
            str(silent),
            "-f",
            "lavfi",
            "-i",
            f"sine=frequency={tone}:beep_factor=4:duration={_seconds(look)}",
            "-map",
            "0:v",
            "-map",
            "1:a",
            "-c:v",
            "copy",
            *_AUDIO,
            "-metadata:s:a:0",
            f"language={audio}",
            "-movflags",
            "+faststart",
            str(partial),
        )
        partial.replace(path)

    def _silent(self, look: str) -> Path:
        path = self.folder / f"{look}-stumm.mp4"
        with self._lock_of(path.name):
            if not path.is_file():
                partial = _partial(path)
                self._encode("-f", "lavfi", "-i", _picture(look), "-t", str(_seconds(look)), "-an", out=(str(partial),))
                partial.replace(path)
        return path

    def _make_half(self, path: Path, whole: str) -> None:
        body = self.get(whole).read_bytes()
        partial = _partial(path)
        partial.write_bytes(body[: len(body) * 6 // 10])
        partial.replace(path)

    def _make_playlist(self, whole: Path) -> None:
        """Two pictures and two tones in pieces of two seconds; the master playlist is written by hand."""
        silent, folder = self._silent(whole.name), _partial(whole)
        folder.mkdir(exist_ok=True)
        pieces = ("-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_list_size", "0")
        self._run("-i", str(silent), "-c:v", "copy", *pieces, str(folder / "360p.m3u8"))
        self._encode(
            "-i", str(silent), "-vf", "scale=320:180", out=("-b:v", "400k", *pieces, str(folder / "180p.m3u8"))
        )
        for audio, tone in (("deu", 220), ("jpn", 330)):
            source = f"sine=frequency={tone}:beep_factor=4:duration={_seconds(whole.name)}"
            self._run("-f", "lavfi", "-i", source, *_AUDIO, *pieces, str(folder / f"{audio}.m3u8"))
        (folder / "master.m3u8").write_text(MASTER, encoding="utf-8")
        if whole.is_dir():  # another process was quicker
            shutil.rmtree(folder)
        else:
            folder.rename(whole)

    def _encode(self, *source: str, out: tuple[str, ...]) -> None:
        """Encodes with x264; with ffmpeg's own MPEG-4 encoder where x264 is not built in."""
        try:
            self._run(*source, *_VIDEO, *out)
        except Unavailable:
            self._run(*source, *_PLAIN_VIDEO, *out)

    def _run(self, *arguments: str) -> None:
        command = (self._program or ffmpeg(), "-nostdin", "-v", "error", "-y", *arguments)
        done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason given"]
            raise Unavailable(f"ffmpeg could not draw a demo video: {last[0][:200]}")


def _partial(path: Path) -> Path:
    """Where a clip is made before it is whole; the process's own, since two may share the folder."""
    return path.with_name(f"{path.stem}.{os.getpid()}.part{path.suffix}")


def _seconds(look: str) -> int:
    return FILM_SECONDS if look.endswith("-film") else SECONDS


def _picture(look: str) -> str:
    return _LOOKS[int(look.removeprefix("bild").split("-")[0])]
