"""Everything that a hoster can do wrong, to a whole program: a real server with its children, one episode for each
fault.

All faults happen in one run of the queue, six at a time, so that each also has the chance to hurt its neighbours.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.house import House, plays
from tests.running import until
from tests.transfer.fixtures import Videos, serve
from tests.transfer.media_server import Fault, MediaHost, Request

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

GOOD = ("completed", None)
HEAD = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"


@dataclass(frozen=True)
class Case:
    """``fault`` gets the file that is asked for. ``ends``: status and error code in the queue."""

    name: str
    fault: Callable[[bytes], Fault]
    ends: tuple[str, str | None]
    path: str = "v.mp4"


def _status(status: int, body: bytes = b"no", **headers: str) -> Callable[[bytes], Fault]:
    def make(data: bytes) -> Fault:
        def answer(request: Request) -> bool:
            request.answer(status, body, **headers)
            return True

        return answer

    return make


def _part(request: Request, data: bytes, sent: bytes | None = None, shift: int = 0) -> None:
    """The head of an honest 206; of its body only ``sent``, or all of it."""
    start, end = request.span(len(data)) or (0, len(data))
    stated = f"bytes {start + shift}-{end + shift - 1}/{len(data)}"
    request.head(206, ETag='"e"', Content_Range=stated, Content_Length=str(end - start))
    request.send(data[start:end] if sent is None else sent)


def _reset_at_every_tenth(data: bytes) -> Fault:
    tenth = len(data) // 10
    marks = {place * tenth for place in range(1, 10)}
    lock = threading.Lock()

    def reset(request: Request) -> bool:
        start, end = request.span(len(data)) or (0, len(data))
        with lock:
            mark = min((one for one in marks if start < one < end), default=None)
            marks.discard(mark or -1)
        _part(request, data, None if mark is None else data[start:mark])
        if mark is not None:
            request.drop()
        return True

    return reset


def _stall(data: bytes) -> Fault:
    def silent(request: Request) -> bool:
        _part(request, data, data[:100_000])
        request.wait(60)
        return True

    return silent


def _drip(data: bytes) -> Fault:
    def drip(request: Request) -> bool:
        request.head(200, Content_Length=str(len(data)))
        for place in range(len(data)):
            request.wfile.write(data[place : place + 1])
            if request.server.host.closed.wait(1.0):
                break
        return True

    return drip


def _too_long_a_length(data: bytes) -> Fault:
    def short(request: Request) -> bool:
        request.head(200, Content_Length=str(len(data) + 5000))
        request.send(data)
        request.drop()
        return True

    return short


def _too_short_a_length(data: bytes) -> Fault:
    return _status(200, data[: len(data) * 7 // 10])(data)


def _length_changes(data: bytes) -> Fault:
    def changing(request: Request) -> bool:
        now = data[: len(data) * 9 // 10] if request.number == 1 else data
        start, end = request.span(len(now)) or (0, len(now))
        request.answer(206, now[start:end], Content_Range=f"bytes {start}-{max(start, end) - 1}/{len(now)}")
        return True

    return changing


def _wrong_range(data: bytes) -> Fault:
    def shifted(request: Request) -> bool:
        start, _ = request.span(len(data)) or (0, 0)
        _part(request, data, shift=16 if start else 0)
        return True

    return shifted


def _never_ranges(data: bytes) -> Fault:
    return _status(200, data, Content_Type="video/mp4")(data)


def _200_in_the_middle(data: bytes) -> Fault:
    def sometimes(request: Request) -> bool:
        if request.number == 1:
            _part(request, data)
        else:
            request.answer(200, data, ETag='"e"')
        return True

    return sometimes


def _packed(data: bytes) -> Fault:
    return _status(200, gzip.compress(data, 1), Content_Encoding="gzip")(data)


def _for(times: int, status: int, **headers: str) -> Callable[[bytes], Fault]:
    """The first requests are refused, the next ones not."""

    def make(data: bytes) -> Fault:
        def burst(request: Request) -> bool:
            if request.number <= times:
                request.answer(status, b"later", **headers)
            else:
                request.media(data)
            return True

        return burst

    return make


def _403_in_the_middle(data: bytes) -> Fault:
    """Each address is good for two requests; a page that is asked again gives another five."""

    def used_up(request: Request) -> bool:
        if request.number in (3, 4):
            request.answer(403, b"used up")
        else:
            request.media(data)
        return True

    return used_up


def _itself(data: bytes) -> Fault:
    return _list("#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n")(data)


def _list(body: str) -> Callable[[bytes], Fault]:
    return _status(200, (HEAD + body).encode(), Content_Type="application/vnd.apple.mpegurl")


def _endless(data: bytes) -> Fault:
    def endless(request: Request) -> bool:
        request.close_connection = True
        request.head(200, Connection="close", Content_Type="application/vnd.apple.mpegurl")
        request.send(HEAD.encode())
        while not request.server.host.closed.is_set():
            request.wfile.write(b"#EXTINF:1,\nsegment.ts\n" * 2000)
        return True

    return endless


def _only_with_a_cookie(data: bytes) -> Fault:
    def answer(request: Request) -> bool:
        if request.headers.get("Cookie") == "seen=1":
            return False
        request.answer(302, b"", Location="v.mp4", Set_Cookie="seen=1; Path=/")
        return True

    return answer


def _honest(data: bytes) -> Fault:
    return lambda request: False


CASES = (
    Case("a reset at every tenth", _reset_at_every_tenth, GOOD),
    Case("a stall", _stall, ("failed", "stalled")),
    Case("a byte a second", _drip, ("failed", "stalled")),
    Case("a length that is too long", _too_long_a_length, ("failed", "site_unreachable")),
    Case("a length that is too short", _too_short_a_length, ("failed", "wrong_media")),
    Case("a length that changes", _length_changes, GOOD),
    Case("206 with the wrong range", _wrong_range, ("failed", "transfer_failed")),
    Case("200 to every range", _never_ranges, GOOD),
    Case("200 to a range in the middle", _200_in_the_middle, ("failed", "transfer_failed")),
    Case("gzip", _packed, GOOD),
    Case("a redirect in a circle", _status(302, Location="v.mp4"), ("failed", "transfer_failed")),
    Case("a redirect to itself for who has no cookie", _only_with_a_cookie, GOOD),
    Case("a redirect to a local file", _status(302, Location="file:///etc/passwd"), ("failed", "address_refused")),
    Case("a redirect into the house", _status(302, Location="http://127.0.0.1:9/v"), ("failed", "address_refused")),
    Case("403 in the middle", _403_in_the_middle, GOOD),
    Case("404", _status(404), ("failed", "link_dead")),
    Case("410", _status(410), ("failed", "link_dead")),
    Case("429 for a second", _for(3, 429, Retry_After="1"), GOOD),
    Case("429 for an hour", _status(429, Retry_After="3600"), ("failed", "site_unreachable")),
    Case("a burst of 500", _for(3, 500), GOOD),
    Case("500 for good", _status(500), ("failed", "transfer_failed")),
    Case(
        "a page as a video",
        _status(200, b"<!DOCTYPE html><p>busy</p>", Content_Type="text/html"),
        ("failed", "wrong_media"),
    ),
    Case(
        "a page that says it is a video",
        _status(200, b"<html>busy</html>", Content_Type="video/mp4"),
        ("failed", "wrong_media"),
    ),
    Case("a playlist without end", _endless, ("failed", "too_large"), "list.m3u8"),
    Case("a playlist that lists itself", _itself, ("failed", "wrong_media"), "list.m3u8"),
    Case(
        "100,000 segments",
        _list("#EXTINF:1,\ns.ts\n" * 100_000 + "#EXT-X-ENDLIST\n"),
        ("failed", "too_large"),
        "list.m3u8",
    ),
    Case(
        "a local file in a playlist",
        _list("#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
        ("failed", "address_refused"),
        "list.m3u8",
    ),
    Case("a wrong key", _honest, ("failed", "wrong_media"), "wrong-key"),
    Case("a truncated segment", _honest, ("failed", "transfer_failed"), "truncated"),
    Case("an honest hoster", _honest, GOOD),
    Case("an honest playlist", _honest, GOOD, "hls"),
)


def _truncated(data: bytes) -> Fault:
    def short(request: Request) -> bool:
        request.head(200, Content_Length=str(len(data)))
        request.send(data[: len(data) // 2])
        request.drop()
        return True

    return short


def _set_up(house: House, number: int, case: Case, videos: Videos) -> None:
    media, folder = house.media, f"/{number}"
    if case.path.endswith((".mp4", ".m3u8")):
        media.files[f"{folder}/{case.path}"] = videos.mp4
        media.faults[f"{folder}/{case.path}"] = case.fault(videos.mp4)
        house.offer(number, f"{folder}/{case.path}")
        return
    wrong = {"enc.key": b"0123456789abcdef"} if case.path == "wrong-key" else {}
    serve(media, folder[1:], (videos.aes if wrong else videos.hls) | wrong)
    if case.path == "truncated":
        media.faults[f"{folder}/list5.ts"] = _truncated(videos.hls["list5.ts"])
    house.offer(number, f"{folder}/list.m3u8")


@dataclass(frozen=True)
class Run:
    house: House
    items: dict[int, dict]
    seen_damaged: list[str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, videos: Videos) -> Iterator[Run]:
    """Every case has ended. All the while somebody opened whatever stood in the library."""
    media = MediaHost()
    house = House(tmp_path_factory.mktemp("house"), media, len(CASES) + 1)
    for number, case in enumerate(CASES, 1):
        _set_up(house, number, case, videos)
    house.start(concurrency=6, connections=3, stall_timeout_s=18.0)  # longer than all tries of one request together
    damaged: list[str] = []
    ended = threading.Event()
    watcher = threading.Thread(target=_open_all, args=(house, damaged, ended))
    watcher.start()
    try:
        house.queue(*range(1, len(CASES) + 1))
        items = until(lambda: house.wake() and house.ended(len(CASES)), 240, 1)
        ended.set()
        watcher.join()
        yield Run(house, items, damaged)
    finally:
        ended.set()
        media.close()
        house.close()


def _open_all(house: House, damaged: list[str], ended: threading.Event) -> None:
    known: set[Path] = set()
    while not ended.wait(0.2):
        for path in set(house.in_library()) - known:
            known.add(path)
            if path.suffix == ".mp4" and not plays(path):
                damaged.append(str(path))


@pytest.mark.parametrize(("number", "case"), enumerate(CASES, 1), ids=[case.name for case in CASES])
def test_each_fault_ends_its_own_episode_as_it_should(run: Run, number: int, case: Case) -> None:
    item = run.items[number]
    assert (item["status"], item["error_code"]) == case.ends, item["error"]
    if item["status"] == "failed":
        assert item["error"].endswith(".")
        assert item["file"] is None


def test_nothing_damaged_ever_stood_in_the_library(run: Run) -> None:
    assert run.seen_damaged == []
    whole = [case for case in CASES if case.ends == GOOD]
    assert len([path for path in run.house.in_library() if path.suffix == ".mp4"]) == len(whole)


def test_no_process_slot_or_partial_file_is_left(run: Run) -> None:
    run.house.check_rest()


def test_the_next_episode_downloads_as_if_nothing_had_been(run: Run, videos: Videos) -> None:
    last = len(CASES) + 1
    run.house.media.files["/last.mp4"] = videos.mp4
    run.house.offer(last, "/last.mp4")
    run.house.wake()
    run.house.queue(last)
    until(lambda: run.house.item(last)["status"] == "completed", 30)
