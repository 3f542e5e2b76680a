"""The pure parts: who fetches which bytes, what a playlist says, how fast it may go, which addresses are let in."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from aniworld.core.errors import ChildDied, LinkDead, SiteUnreachable, WrongMedia
from aniworld.transfer.engine.http_client import _seconds
from aniworld.transfer.engine.progress import ActiveClock, Meter
from aniworld.transfer.engine.request_limiter import Gate
from aniworld.transfer.engine.speed_limit import Limiter
from aniworld.transfer.fetchers.hls_playlist import choose, code_of, parse, segments, wished_audio
from aniworld.transfer.fetchers.range_plan import SMALLEST, Plan, gaps
from aniworld.transfer.protocol import messages as wire
from aniworld.transfer.protocol.job import Phase

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), ("9" * 5000, 86_400.0), ("\xb2", 30.0), ("Fri, 31 Dec 2027", 30.0), ("", None)],
)
def test_how_long_a_host_asks_to_wait(header: str, seconds: float | None) -> None:
    assert _seconds(header) == seconds


@pytest.mark.parametrize(
    ("done", "missing"),
    [
        ([], [(0, 10)]),
        ([(0, 10)], []),
        ([(2, 4), (3, 6)], [(0, 2), (6, 10)]),
        ([(5, 99), (0, 1)], [(1, 5)]),
        ([(7, 3), (-5, 2)], [(2, 10)]),
    ],
)
def test_what_is_missing(done: list[tuple[int, int]], missing: list[tuple[int, int]]) -> None:
    assert gaps(10, done) == missing


def test_every_byte_is_handed_out_exactly_once() -> None:
    plan = Plan([(0, 10_000_000)], lambda: 0.0, lambda: 4)
    seen, piece = [], plan.first()
    while piece is not None:
        seen.append((piece.pos, piece.end))
        plan.advance(piece, piece.left)
        plan.done(piece)
        piece = plan.take()
    assert gaps(10_000_000, seen) == []
    assert sum(end - start for start, end in seen) == 10_000_000
    assert not plan.waiting()


def test_a_free_connection_takes_half_of_the_slowest() -> None:
    now = [0.0]
    plan = Plan([(0, 4 * SMALLEST)], lambda: now[0], lambda: 1)
    slow = plan.first()
    now[0] = 1.0
    plan.advance(slow, 1000)
    helper = plan.take()
    assert helper is not None
    assert (slow.end, helper.end) == (helper.pos, 4 * SMALLEST)
    assert plan.advance(slow, 10**9) == slow.end - 1000


def test_a_silent_connection_loses_all_and_what_is_handed_back_is_given_again() -> None:
    now = [0.0]
    plan = Plan([(0, 1000)], lambda: now[0], lambda: 2)
    silent = plan.first()
    assert plan.take() is None
    now[0] = 10.0
    helper = plan.take()
    assert helper is not None
    assert (silent.left, helper.left) == (0, 1000)
    plan.done(helper)
    assert plan.waiting()


def test_a_limit_that_is_lifted_wakes_who_waits() -> None:
    limiter = Limiter(10)
    done = threading.Event()
    threading.Thread(target=lambda: (limiter.took(10_000), done.set()), daemon=True).start()
    assert not done.wait(0.2)
    limiter.set(None)
    assert done.wait(1)


def test_a_limit_holds_over_several_threads() -> None:
    limiter, start = Limiter(1_000_000), time.monotonic()
    threads = [threading.Thread(target=lambda: [limiter.took(50_000) for _ in range(4)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.4 < time.monotonic() - start < 2


def test_a_clock_that_jumps_while_the_process_was_halted_is_no_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    meter = Meter(10)
    meter.phase = Phase.TRANSFERRING
    meter.add(1)
    now[0] += 5000
    meter.tick()
    assert meter.stalled() is None
    for _ in range(60):
        now[0] += 0.25
        meter.tick()
    assert meter.stalled() is not None
    assert ActiveClock().now() == 0


def test_errors_cross_the_pipe_with_their_kind_and_wait() -> None:
    back = wire.read_error(wire.error_message(SiteUnreachable("Away.", retry_after=7)))
    assert (type(back), str(back), getattr(back, "retry_after", 0)) == (SiteUnreachable, "Away.", 7)
    assert isinstance(wire.read_error(wire.error_message(LinkDead("Gone."))), LinkDead)
    assert isinstance(wire.read_error({"code": "nonsense", "message": "x"}), ChildDied)


MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",LANGUAGE="ja-JP",NAME="Original",DEFAULT=YES,URI="ja.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",LANGUAGE="deu",NAME="D",URI="de.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100,CODECS="mp4a.40.2",AUDIO="a"
sound.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500,RESOLUTION=640x360,AUDIO="a"
360.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900,RESOLUTION=1920x1080,AUDIO="a"
1080.m3u8
"""


@pytest.mark.parametrize(
    ("quality", "language", "video", "audio"),
    [
        ("best", "ger-dub", "1080", "de"),
        ("720p", "ger-sub", "360", "ja"),
        ("240p", "eng-dub", "360", "ja"),
        ("worst", None, "360", "ja"),
    ],
)
def test_the_variant_and_the_audio_that_fit(quality: str, language: str | None, video: str, audio: str) -> None:
    choice = choose(parse(MASTER, "https://h.example/x/list.m3u8"), quality, language)
    assert choice.video == f"https://h.example/x/{video}.m3u8"
    assert choice.audio == f"https://h.example/x/{audio}.m3u8"


def _video(variants: list[tuple[str, str]], quality: str) -> str:
    """The address of the chosen one of ``(attributes, address)``."""
    lines = [f"#EXT-X-STREAM-INF:{facts}\n{address}" for facts, address in variants]
    text = "\n".join(["#EXTM3U", *lines, ""])
    return choose(parse(text, "https://h.example/x/list.m3u8"), quality, None).video.removeprefix(
        "https://h.example/x/"
    )


BY_NAME = [
    ('BANDWIDTH=5000000,NAME="1080p"', "a.m3u8"),
    ('BANDWIDTH=6000000,NAME="720"', "b.m3u8"),
    ('BANDWIDTH=7000000,NAME="480p HQ"', "c.m3u8"),
]
BY_GROUP = [
    ('BANDWIDTH=1,VIDEO="1080p60"', "a.m3u8"),
    ('BANDWIDTH=1,VIDEO="720p30"', "b.m3u8"),
    ('BANDWIDTH=1,VIDEO="480p"', "c.m3u8"),
]
BY_FILE = [
    ("BANDWIDTH=1", "index-f3-v1-1080p.m3u8"),
    ("BANDWIDTH=1", "hls_720.m3u8?t=480"),
    ("BANDWIDTH=1", "640x480-v.m3u8"),
]
BY_FOLDER = [
    ("BANDWIDTH=1", "720p-show/FHD/v.m3u8"),
    ("BANDWIDTH=1", "720p-show/720/v.m3u8"),
    ("BANDWIDTH=1", "720p-show/480/v.m3u8"),
]
BY_QUERY = [
    ("BANDWIDTH=1", "v.m3u8?quality=1080&e=480"),
    ("BANDWIDTH=1", "v.m3u8?quality=720&e=480"),
    ("BANDWIDTH=1", "v.m3u8?quality=480&e=480"),
]
BY_BANDWIDTH = [
    ("BANDWIDTH=5500000", "x/86-1080-a.m3u8"),
    ("BANDWIDTH=2800000", "x/86-1080-b.m3u8"),
    ("BANDWIDTH=1200000", "x/86-1080-c.m3u8"),
]
MIXED = [
    ("BANDWIDTH=900000,RESOLUTION=1920x1080", "a.m3u8"),
    ("BANDWIDTH=480000,RESOLUTION=1280x720", "b.m3u8"),
    ("BANDWIDTH=200000,RESOLUTION=854x480", "hidden.m3u8"),
    ("BANDWIDTH=210000", "c.m3u8"),
]


@pytest.mark.parametrize("variants", [BY_NAME, BY_GROUP, BY_FILE, BY_FOLDER, BY_QUERY, BY_BANDWIDTH, MIXED])
@pytest.mark.parametrize(("quality", "place"), [("best", 0), ("1080p", 0), ("720p", 1), ("480p", -1), ("1440p", 0)])
def test_the_wished_quality_counts_without_a_resolution(
    variants: list[tuple[str, str]], quality: str, place: int
) -> None:
    assert _video(variants, quality) == variants[place][1]
    assert _video(variants[::-1], quality) == variants[place][1]


def test_a_quality_below_all_takes_the_smallest() -> None:
    assert _video(BY_NAME, "360p") == "c.m3u8"
    assert _video(BY_BANDWIDTH, "144p") == BY_BANDWIDTH[-1][1]
    assert _video(BY_BANDWIDTH, "worst") == BY_BANDWIDTH[-1][1]


def test_variants_that_say_nothing_are_still_one_video() -> None:
    assert _video([("PROGRAM-ID=1", "a.m3u8")], "720p") == "a.m3u8"
    assert _video([("AVERAGE-BANDWIDTH=9", "a-480p.m3u8"), ("RESOLUTION=1920x1080", "b.m3u8")], "720p") == "a-480p.m3u8"
    assert _video([("BANDWIDTH=900000", "v.m3u8"), ("BANDWIDTH=900000", "v.m3u8")], "720p") == "v.m3u8"


def test_words_for_languages() -> None:
    assert [code_of(word) for word in ("de-DE", "Deutsch", "ja", "xx", None, "")] == [
        "ger",
        "ger",
        "jpn",
        None,
        None,
        None,
    ]
    assert [wished_audio(code) for code in ("ger-dub", "eng-sub", "jpn", None)] == ["ger", "jpn", "jpn", None]


def test_byte_ranges_go_on_and_keys_take_the_sequence_for_their_vector() -> None:
    text = (
        '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:2,\n#EXT-X-BYTERANGE:10@5\na.ts\n'
        "#EXTINF:2,\n#EXT-X-BYTERANGE:20\na.ts\n#EXT-X-ENDLIST\n"
    )
    first, second = segments(parse(text, "https://h.example/l.m3u8"))
    assert (first.span, second.span) == ((5, 15), (15, 35))
    assert first.key is not None
    assert first.key.iv == (7).to_bytes(16, "big")


@pytest.mark.parametrize("size", ["-5", "0", "x", "99999999999999999999999@-1"])
def test_impossible_byte_ranges_are_refused(size: str) -> None:
    text = f"#EXTM3U\n#EXTINF:2,\n#EXT-X-BYTERANGE:{size}\na.ts\n#EXT-X-ENDLIST\n"
    with pytest.raises(WrongMedia):
        segments(parse(text, "https://h.example/l.m3u8"))


_GUARDED = """
import socket, subprocess, os
from aniworld.core.addresses import AddressRule
from aniworld.core.errors import AddressRefused
from aniworld.core.guard import Guard
Guard(AddressRule.of(['127.0.0.1:{open}']), programs=('/bin/true',)).install()
def refused(work, *kinds):
    try:
        work()
    except kinds:
        return True
    return False
tcp = lambda: socket.socket()
assert not refused(lambda: tcp().connect(('127.0.0.1', {open})), AddressRefused)
assert refused(lambda: tcp().connect(('127.0.0.1', 1)), AddressRefused)
assert refused(lambda: tcp().connect_ex(('10.0.0.1', 80)), AddressRefused)
assert refused(lambda: tcp().connect(('localhost', 1)), AddressRefused)
assert refused(lambda: socket.create_connection(('localhost', 1)), AddressRefused)
assert refused(lambda: socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', 1)), AddressRefused)
assert refused(lambda: socket.socket(socket.AF_UNIX).connect('/run/x'), AddressRefused)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
assert refused(lambda: udp.sendto(b'x', ('192.168.0.1', 53)), AddressRefused)
subprocess.run(['/bin/true'], check=True)
assert refused(lambda: subprocess.run(['/bin/sh', '-c', 'true']), PermissionError)
assert refused(lambda: os.system('true'), PermissionError)
print('guarded')
"""


def test_the_guard_judges_every_connection_and_every_program() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        code = _GUARDED.format(open=server.getsockname()[1])
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "guarded", done.stderr


def test_the_child_loads_no_server_and_no_extractor_at_its_start() -> None:
    heavy = ("flask", "gevent", "sqlalchemy", "yt_dlp", "m3u8", "cryptography", "urllib3", "ssl")
    code = f"import sys, aniworld.transfer.child; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
    )
    assert set(done.stdout.split()) <= {"ssl"}, done.stderr


class _Line:
    """What a gate needs of a session."""

    def __init__(self, connections: int) -> None:
        self.connections, self.error = connections, None
        self.changed = threading.Condition(threading.RLock())

    def check(self) -> None:
        return None


def test_a_gate_lets_one_fewer_through_after_each_refusal_and_tries_one_more_later() -> None:
    now = [0.0]
    gate = Gate(_Line(8), lambda: now[0])  # type: ignore[arg-type]
    with gate.request() as alone, gate.request(), gate.request():
        assert not alone
        gate.refused()
        assert gate.limit == 3
    gate.refused()
    assert gate.limit == 1
    gate.refused()
    assert gate.limit == 1
    with gate.request() as alone:
        assert alone
    now[0] = Gate.TRY_ONE_MORE_S + 1
    assert gate.limit == 2
    assert gate.limit == 2
    now[0] *= 100
    for more in range(1, 20):
        now[0] += Gate.TRY_ONE_MORE_S + 1
        assert gate.limit == min(8, 2 + more)
