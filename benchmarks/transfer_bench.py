"""How fast and how heavy the transfer is beside curl, aria2c, ffmpeg and yt-dlp, all against nginx on loopback.

    python -m benchmarks.transfer_bench [ROW ...] [--rounds 5] [--folder DIR]

Rows: file, slow, hls, slow-hls, start (of the child), small (eight episodes), added (to the first byte), server (its
answers and its weight meanwhile).

Runs alternate between the tools; what is printed are medians, as a Markdown table. Wall and CPU in seconds; CPU is
that of all processes of the tool. Needs nginx, ffmpeg, curl and aria2c.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from aniworld.core.media import Stream, StreamKind  # noqa: E402
from aniworld.transfer.protocol.job import TransferJob  # noqa: E402
from aniworld.transfer.supervisor import Transfer  # noqa: E402
from benchmarks.nginx_media import MIB, ffmpeg, fill_up, make_clip, nginx  # noqa: E402

CASES = ("file", "slow", "hls", "slow-hls", "start", "small", "added", "server")
_HEAD = ["", "| what | ours | against | ratio |", "|---|---|---|---|"]
PYTHON = sys.executable


@dataclass(frozen=True)
class Measured:
    wall: float
    cpu: float


@dataclass(frozen=True)
class Case:
    """``floor``: seconds that the set speed allows at best, where there is one."""

    title: str
    tools: dict[str, Callable[[Path], object]]
    floor: float | None = None


def make_media(www: Path) -> None:
    """Files of a whole size: a real clip, filled up with an empty box. 300 segments of about 1 MiB each."""
    (www / "hls").mkdir(parents=True)
    make_clip(www, megabits=8.2)
    for name, size in (("1024.mp4", 1024 * MIB), ("256.mp4", 256 * MIB)):
        fill_up(www / "clip.mp4", www / name, size)
    loop = ("-stream_loop", "29", "-i", "clip.mp4", "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0")
    ffmpeg(www, *loop, "-hls_playlist_type", "vod", "hls/300.m3u8")
    lines = (www / "hls" / "300.m3u8").read_text().splitlines()
    parts = [place for place, line in enumerate(lines) if line.endswith(".ts")]
    (www / "hls" / "60.m3u8").write_text("\n".join([*lines[: parts[59] + 1], "#EXT-X-ENDLIST", ""]))


def ours(url: str, kind: StreamKind, connections: int) -> Callable[[Path], object]:
    def run(folder: Path) -> object:
        host = url.split("/")[2]
        job = TransferJob(Stream(kind, url), folder / "item", connections=connections, private_hosts=(host,))
        return Transfer(job).run()

    return run


def command(*words: str) -> Callable[[Path], object]:
    def run(folder: Path) -> object:
        return subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return run


def measure(run: Callable[[Path], object], base: Path) -> Measured:
    folder = Path(tempfile.mkdtemp(dir=base))
    try:
        cpu, start = _cpu(), time.monotonic()
        run(folder)
        return Measured(time.monotonic() - start, _cpu() - cpu)
    finally:
        shutil.rmtree(folder)


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def cases(site: str) -> dict[str, Case]:
    ytdlp = (PYTHON, "-m", "yt_dlp", "-q", "--no-config", "--no-part", "-o", "out.mp4")
    aria = ("aria2c", "-q", "-x8", "-s8", "-k1M", "--file-allocation=none", "-o", "out.mp4")
    big, slow, hls, slow_hls = (
        f"{site}/1024.mp4",
        f"{site}/slow/256.mp4",
        f"{site}/hls/300.m3u8",
        f"{site}/slow-hls/60.m3u8",
    )
    return {
        "file": Case(
            "1 GiB file, no limit",
            {
                "aniworld": ours(big, StreamKind.FILE, 8),
                "curl": command("curl", "-s", "-o", "out.mp4", big),
                "aria2c -x8": command(*aria, big),
                "yt-dlp": command(*ytdlp, big),
            },
        ),
        "slow": Case(
            "256 MiB, 4 MiB/s a connection, 8 connections",
            {"aniworld": ours(slow, StreamKind.FILE, 8), "aria2c -x8": command(*aria, slow)},
            floor=8.0,
        ),
        "hls": Case(
            "HLS, 300 segments of 1 MiB, no limit",
            {
                "aniworld": ours(hls, StreamKind.HLS, 8),
                "ffmpeg -c copy": command("ffmpeg", "-v", "error", "-nostdin", "-i", hls, "-c", "copy", "out.mp4"),
                "yt-dlp -N 1": command(*ytdlp, "-N", "1", hls),
                "yt-dlp -N 8": command(*ytdlp, "-N", "8", hls),
            },
        ),
        "slow-hls": Case(
            "HLS, 60 segments of 1 MiB, 400 kB/s a connection, 16 connections",
            {"aniworld": ours(slow_hls, StreamKind.HLS, 16), "yt-dlp -N 16": command(*ytdlp, "-N", "16", slow_hls)},
            floor=60 * MIB / (16 * 400 * 1024),
        ),
    }


def time_to_first_byte(site: str, base: Path, rounds: int) -> list[float]:
    """Seconds from ``run`` to the moment at which the first answer of the host has come."""
    found = []
    for _ in range(rounds):
        folder = Path(tempfile.mkdtemp(dir=base))
        seen: list[float] = []
        job = TransferJob(Stream(StreamKind.FILE, f"{site}/clip.mp4"), folder / "item", private_hosts=(site[7:],))
        start = time.monotonic()
        Transfer(job, on_size=lambda _, seen=seen: seen.append(time.monotonic())).run()
        found.append(seen[0] - start)
        shutil.rmtree(folder)
    return found


def report(case: Case, results: dict[str, list[Measured]]) -> list[str]:
    own = statistics.median(one.wall for one in results["aniworld"])
    rows = ["", f"**{case.title}**" + (f" (floor {case.floor:.1f} s)" if case.floor else ""), ""]
    rows += ["| tool | wall, s | aniworld / tool | CPU, s | runs |", "|---|---|---|---|---|"]
    for tool, runs in results.items():
        wall, cpu = (statistics.median(values) for values in zip(*((one.wall, one.cpu) for one in runs), strict=True))
        rows.append(f"| {tool} | {wall:.2f} | {own / wall:.2f} | {cpu:.2f} | {len(runs)} |")
    if case.floor:
        rows.append(f"| floor | {case.floor:.2f} | {own / case.floor:.2f} | | |")
    print("\n".join(rows), flush=True)
    return rows


def main(rounds: int = 5, wanted: Sequence[str] = CASES[:-1], folder: Path | None = None) -> list[str]:
    """The lines of one Markdown table for each row. ``folder``: where files are written; its disk is part of the
    result.
    """
    lines: list[str] = []
    if set(wanted) & {"file", "slow", "hls", "slow-hls", "start"}:
        lines += transfers(rounds, wanted, folder)
    from benchmarks import episode_bench, server_bench  # they start the whole server, and use what stands here

    for word, measured in (("small", episode_bench.small), ("added", episode_bench.added)):
        if word in wanted:
            lines += [*_HEAD, *measured(rounds)]
            print("\n".join(lines[-4:]), flush=True)
    if "server" in wanted:
        rows = server_bench.main()
        lines += [*_HEAD, *rows]
        print("\n".join(["", *rows]), flush=True)
    return lines


def transfers(rounds: int, wanted: Sequence[str], folder: Path | None) -> list[str]:
    """The rows of the child alone, without the server."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory(dir=folder) as name, contextlib.ExitStack() as stack:
        base = Path(name)
        base.chmod(0o755)
        make_media(base / "www")
        site = stack.enter_context(nginx(base))
        for word, case in cases(site).items():
            if word in wanted:
                lines += report(case, compared(case, rounds, base))
        if "start" in wanted:
            times = time_to_first_byte(site, base, max(3, rounds))
            lines += ["", f"Start to first byte: median {statistics.median(times):.2f} s, worst {max(times):.2f} s"]
            print(lines[-1], flush=True)
    return lines


def compared(case: Case, rounds: int, base: Path) -> dict[str, list[Measured]]:
    """Every tool in turn, so that a busy minute hits all."""
    results: dict[str, list[Measured]] = {tool: [] for tool in case.tools}
    for _ in range(rounds):
        for tool, run in case.tools.items():
            results[tool].append(measure(run, base))
    return results


def ask() -> list[str]:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rows", nargs="*", choices=[*CASES, []], help="which; all of them otherwise")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None)
    wish = parser.parse_args()
    return main(wish.rounds, wish.rows or CASES, wish.folder)


if __name__ == "__main__":
    ask()
