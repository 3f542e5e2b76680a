"""A running transfer obeys: stopped, halted, limited at any moment; and nothing of it outlives it or its server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from aniworld.core.errors import AlreadyRunning, AniworldError, Cancelled, ChildDied, LibraryUnavailable
from aniworld.core.media import StreamKind
from aniworld.transfer import supervisor
from aniworld.transfer.protocol import messages as wire
from aniworld.transfer.protocol.job import Phase, TransferResult
from tests.transfer.fixtures import Ask, Asked, Videos, serve
from tests.transfer.media_server import MediaHost, Request

ROOT = Path(__file__).resolve().parents[2]


class Running:
    """A transfer on a thread of its own."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.outcome = asked, None
        self._moved = threading.Condition()
        asked.transfer._on_progress = self._hear
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.outcome: TransferResult | AniworldError | None = self.asked.run()
        except AniworldError as error:
            self.outcome = error
        with self._moved:
            self._moved.notify_all()

    def _hear(self, progress: object) -> None:
        with self._moved:
            self.asked.told.append(progress)
            self._moved.notify_all()

    def wait_until(self, true: Callable[[], bool], seconds: float = 15) -> None:
        with self._moved:
            assert self._moved.wait_for(lambda: true() or self.outcome is not None, seconds)

    def reach(self, phase: Phase, count: int = 0) -> None:
        self.wait_until(
            lambda: (
                bool(self.asked.told)
                and self.asked.told[-1].phase is phase
                and self.asked.told[-1].downloaded_bytes >= count
            )
        )

    def end(self, seconds: float = 20) -> TransferResult | AniworldError | None:
        self._thread.join(seconds)
        assert not self._thread.is_alive()
        return self.outcome

    @property
    def processes(self) -> list[psutil.Process]:
        child = psutil.Process(self.asked.transfer._child.pid)
        return [child, *child.children(recursive=True)]


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _gone(processes: list[psutil.Process], seconds: float) -> bool:
    """Dead processes that nobody has reaped yet (a container's init may be slow) are gone too."""
    limit = time.monotonic() + seconds
    while any(_alive(one) for one in processes):
        if time.monotonic() > limit:
            return False
        threading.Event().wait(0.02)
    return True


def _silent(request: Request) -> bool:
    request.wait(30)
    return True


def _arrange(phase: Phase, host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> Asked:
    """A transfer that stays in ``phase`` for long."""
    serve(host, "hls", videos.hls)
    host.files["/v.mp4"] = videos.mp4
    if phase is Phase.RESOLVING:
        host.faults["/hls/list.m3u8"] = _silent
        return ask("/hls/list.m3u8", StreamKind.HLS, stall_timeout_s=20.0)
    if phase is Phase.CONNECTING:
        host.faults["/v.mp4"] = _silent
        return ask("/v.mp4", stall_timeout_s=20.0)
    if phase is Phase.TRANSFERRING:
        host.rate = 100_000
        return ask("/v.mp4", connections=2)
    slow = tmp_path / "slow-ffmpeg"
    slow.write_text("#!/bin/sh\nsleep 30\n")
    slow.chmod(0o755)
    path, kind = ("/hls/list.m3u8", StreamKind.HLS) if phase is Phase.MERGING else ("/v.mp4", StreamKind.FILE)
    return ask(path, kind, ffmpeg=str(slow))


@pytest.mark.parametrize("phase", list(Phase))
def test_cancelling_ends_every_process_in_under_a_second_in_every_phase(
    phase: Phase, host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path
) -> None:
    running = Running(_arrange(phase, host, videos, ask, tmp_path))
    running.reach(phase)
    processes = running.processes
    if phase is Phase.VERIFYING:
        running.asked.transfer.pause()
    start = time.monotonic()
    running.asked.transfer.cancel()
    assert isinstance(running.end(), Cancelled)
    assert _gone(processes, 0.5)
    assert time.monotonic() - start < 1.0
    running.asked.transfer.cancel()


def test_a_transfer_cancelled_before_it_began_never_starts(host: MediaHost, ask: Ask) -> None:
    asked = ask("/v.mp4")
    asked.transfer.cancel()
    with pytest.raises(Cancelled):
        asked.run()
    assert not host.requests
    asked.transfer.limit(5)
    asked.transfer.pause()


def test_a_halted_transfer_moves_nothing_and_goes_on_from_its_place(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 1_500_000
    running = Running(ask("/v.mp4", connections=1, stall_timeout_s=1.0))
    running.reach(Phase.TRANSFERRING, 100_000)
    running.asked.transfer.pause()
    (child,) = running.processes
    time.sleep(0.3)
    before = running.asked.told[-1].downloaded_bytes
    time.sleep(2.5)
    assert child.status() == psutil.STATUS_STOPPED
    assert running.asked.told[-1].downloaded_bytes == before
    running.asked.transfer.resume()
    result = running.end()
    assert isinstance(result, TransferResult), result
    assert result.path.read_bytes() == videos.mp4
    assert sum("bytes=0-" in headers.get("Range", "") for _, headers in host.requests) == 1


def test_a_speed_limit_holds_and_is_lifted_while_it_runs(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    running = Running(ask("/v.mp4", speed_limit=300_000))
    running.reach(Phase.TRANSFERRING, 1)
    start, before = time.monotonic(), running.asked.told[-1].downloaded_bytes
    running.wait_until(lambda: time.monotonic() - start > 2.0)
    speed = (running.asked.told[-1].downloaded_bytes - before) / (time.monotonic() - start)
    assert 150_000 < speed < 500_000
    running.asked.transfer.limit(None)
    running.asked.transfer.set_connections(2)
    assert isinstance(running.end(5), TransferResult)


def test_a_limit_and_a_number_set_before_the_start_count(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    asked = ask("/v.mp4", speed_limit=10)
    asked.transfer.limit(None)
    asked.transfer.set_connections(1)
    assert asked.run().path.read_bytes() == videos.mp4


def test_progress_is_told_at_most_four_times_a_second_and_at_the_end(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    asked = ask("/v.mp4", speed_limit=len(videos.mp4) // 2)
    start = time.monotonic()
    asked.run()
    assert len(asked.told) <= 4 * (time.monotonic() - start) + len(Phase)
    assert (asked.told[-1].percent, asked.told[-1].downloaded_bytes) == (100.0, len(videos.mp4))
    amounts = [progress.downloaded_bytes for progress in asked.told]
    assert amounts == sorted(amounts)


def test_two_transfers_never_write_into_one_folder(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 100_000
    running = Running(ask("/v.mp4"))
    running.reach(Phase.TRANSFERRING)
    with pytest.raises(AlreadyRunning):
        ask("/v.mp4").run()
    running.asked.transfer.cancel()
    running.end()


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGKILL, "memory"), (signal.SIGSEGV, "SIGSEGV")], ids=["kill", "segv"]
)
def test_a_child_that_dies_says_why(
    host: MediaHost, videos: Videos, ask: Ask, number: signal.Signals, words: str
) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 100_000
    running = Running(ask("/v.mp4"))
    running.reach(Phase.TRANSFERRING)
    running.processes[0].send_signal(number)
    outcome = running.end()
    assert isinstance(outcome, ChildDied)
    assert words in str(outcome)


def test_a_child_that_dies_in_the_middle_of_a_word_says_why(
    host: MediaHost, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies = 'import os, signal; os.write(1, b\'{"is": "prog\'); os.kill(os.getpid(), signal.SIGKILL)'
    monkeypatch.setattr(supervisor, "_START", dies)
    outcome = Running(ask("/v.mp4")).end()
    assert isinstance(outcome, ChildDied)
    assert "memory" in str(outcome)


def test_ffmpeg_dies_with_a_child_that_is_killed(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    running = Running(_arrange(Phase.MERGING, host, videos, ask, tmp_path))
    running.reach(Phase.MERGING)
    limit = time.monotonic() + 5
    while len(running.processes) < 2 and time.monotonic() < limit:
        threading.Event().wait(0.02)
    processes = running.processes
    assert len(processes) > 1
    processes[0].kill()
    assert isinstance(running.end(), ChildDied)
    assert _gone(processes, 2)


def test_the_child_gets_no_secret_and_no_proxy_from_the_servers_environment(
    host: MediaHost, videos: Videos, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANIWORLD_MASTER_PASSWORD", "canary")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    host.files["/v.mp4"] = videos.mp4
    host.rate = 200_000
    running = Running(ask("/v.mp4"))
    running.reach(Phase.TRANSFERRING)
    environment = running.processes[0].environ()
    command = running.processes[0].cmdline()
    running.asked.transfer.cancel()
    assert isinstance(running.end(), Cancelled)
    assert "canary" not in json.dumps([environment, command])
    assert not {"http_proxy", "ANIWORLD_MASTER_PASSWORD"} & set(environment)


def test_a_transfer_leaves_the_processor_to_the_server(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 100_000
    running = Running(ask("/v.mp4", connections=2, niceness=10))
    running.reach(Phase.TRANSFERRING)
    assert running.processes[0].nice() == psutil.Process().nice() + 10
    running.asked.transfer.cancel()
    running.end()


def test_a_child_stays_small_and_loads_no_server(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 50_000
    running = Running(ask("/v.mp4", connections=16))
    running.reach(Phase.TRANSFERRING, 100_000)
    (child,) = running.processes
    memory, maps = child.memory_info().rss, {Path(one.path).name for one in child.memory_maps()}
    running.asked.transfer.cancel()
    running.end()
    assert memory < 80_000_000
    assert not any("gevent" in name or "sqlalchemy" in name for name in maps)


def test_a_library_that_vanished_is_not_made_anew(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    host.files["/v.mp4"] = videos.mp4
    with pytest.raises(LibraryUnavailable):
        ask("/v.mp4", folder=tmp_path / "vanished" / ".incoming" / "item").run()
    assert not (tmp_path / "vanished").exists()


_SERVER = """
import sys, json
if {patched}:
    from gevent import monkey; monkey.patch_all()
import os, threading, time
from aniworld.transfer.protocol import messages as wire
from aniworld.transfer.supervisor import Transfer
job, _ = wire.read_job(json.loads(sys.argv[1]))
transfer = Transfer(job, on_progress=lambda progress: print(progress.phase, progress.downloaded_bytes, flush=True))
beats = []
def beat():
    while True:
        beats.append(time.monotonic()); time.sleep(0.02)
threading.Thread(target=beat, daemon=True).start()
result = transfer.run()
gaps = [b - a for a, b in zip(beats, beats[1:])]
print('done', result.size_bytes, max(gaps), flush=True)
"""


def _server(asked: Asked, patched: bool) -> subprocess.Popen[str]:
    job = json.dumps(wire.job_message(asked.job, 0))
    command = [sys.executable, "-c", _SERVER.format(patched=patched), job]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_under_gevent_a_transfer_lets_everything_else_go_on(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    with _server(ask("/v.mp4"), patched=True) as server:
        out, _ = server.communicate(timeout=30)
    word, size, gap = out.splitlines()[-1].split()
    assert (word, int(size)) == ("done", len(videos.mp4))
    assert float(gap) < 0.5


@pytest.mark.parametrize("patched", [False, True], ids=["threads", "gevent"])
@pytest.mark.parametrize("halted", [False, True], ids=["running", "halted"])
def test_a_killed_server_leaves_no_child_behind(
    host: MediaHost, videos: Videos, ask: Ask, patched: bool, halted: bool
) -> None:
    host.files["/v.mp4"] = videos.mp4
    host.rate = 100_000
    with _server(ask("/v.mp4"), patched) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if line.startswith("transferring"):
                break
        children = psutil.Process(server.pid).children(recursive=True)
        assert children
        if halted:
            os.killpg(children[0].pid, signal.SIGSTOP)
        server.kill()
        assert _gone(children, 2)
