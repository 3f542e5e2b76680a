"""Server-side request forgery, in the server's gate (A13 to A17) and in the transfer's child (A18).

The honest sites live on 127.0.0.1 and are excepted with their port, so that they stand for the open internet; the
victim listens on 127.0.0.2, which is excepted nowhere, and counts who connects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from aniworld.core.addresses import AddressRule
from aniworld.core.errors import AddressRefused, AniworldError, SourceError
from aniworld.core.media import StreamKind
from aniworld.providers.fetch.client import Gate
from aniworld.providers.fetch.images import fetch_cover
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite
from aniworld.transfer import supervisor
from tests.running import Server
from tests.security.victim import ADDRESS, FORMS, WRAPPERS, Victim, resolver_of
from tests.transfer.fixtures import Ask, ask, host
from tests.transfer.media_server import MediaHost, Request

__all__ = ["ask", "host"]

PIECE = b"\x47\x1f\xff\x10" + b"\xff" * 184  # one null packet of a transport stream (ISO/IEC 13818-1, 2.4.3)
# What gives a malformed host is tried again for a few seconds, as a broken connection would be.
SLOW_FORMS = [pytest.param(form, marks=pytest.mark.slow) if "\u3002" in form else form for form in FORMS]
KINDS = [StreamKind.FILE, StreamKind.HLS, pytest.param(StreamKind.PAGE, marks=pytest.mark.slow)]
HEAD = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n"
END = "#EXT-X-ENDLIST\n"


@pytest.fixture
def victim() -> Iterator[Victim]:
    with Victim() as made:
        yield made
        assert made.heard == 0


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite({"/": "hello"}) as made:
        yield made


def gate_for(site: LoopbackSite | None = None, **more: object) -> Gate:
    named = [site.url.removeprefix("http://")] if site else []
    return Gate(rule=AddressRule.of(named), user_agent="x", requests_per_second=0, timeout_s=2, **more)  # type: ignore[arg-type]


# ── the server's gate ───────────────────────────────────────────────────────


def test_a13_a_cover_is_served_by_key_and_never_by_address(running: Server, victim: Victim) -> None:
    address = victim.form("http://127.0.0.2:{port}/x.jpg")
    for path, refused in ((f"/api/anime/{address}/cover", 404), ("/api/anime/made-up/cover", 422)):
        answer = running.call("GET", path, params={"url": address, "cover_url": address, "src": address})
        assert answer.status_code == refused, "no address is anything that a cover is asked by"
        assert running.call("GET", path).status_code == 404


@pytest.mark.parametrize("form", SLOW_FORMS)
def test_a14_a_private_link_is_not_fetched_in_any_form(victim: Victim, form: str) -> None:
    with pytest.raises(SourceError):
        gate_for().get(victim.form(form))
    with pytest.raises((SourceError, ValueError)):
        fetch_cover(gate_for(), victim.form(form))


def test_a14_the_server_does_not_take_private_links(running: Server, victim: Victim) -> None:
    for form in FORMS:
        answer = running.call("POST", "/api/anime/add", {"link": victim.form(form)})
        assert answer.status_code == 422, form


@pytest.mark.slow
def test_a14_a_catalogue_that_is_private_is_not_fetched_by_the_server(
    tmp_path_factory: pytest.TempPathFactory, victim: Victim
) -> None:
    address = victim.form("http://127.0.0.2:{port}")
    server = Server(tmp_path_factory.mktemp("private") / "instance", ANIWORLD_CATALOGUE_URL=address).start()
    try:
        answer = server.call("POST", "/api/anime/search", {"query": "x"})
        assert victim.heard == 0
        assert answer.status_code == 503 or answer.json() == []
        added = server.call("POST", "/api/anime/add", {"link": f"{address}/anime/stream/x"})
        assert added.status_code in (201, 422, 503)
        tried = server.post("/api/notifications/test", {"urls": [f"json://127.0.0.2:{victim.port}/x"]})
        assert [one["ok"] for one in tried] == [False]
    finally:
        server.stop()


@pytest.mark.parametrize("form", SLOW_FORMS)
def test_a15_a_redirect_into_the_private_network_is_not_followed(site: LoopbackSite, victim: Victim, form: str) -> None:
    if form.startswith("http:///"):  # three slashes: the address of a path on the same site
        return
    site.pages["/"] = Answer(status=302, headers={"Location": victim.form(form).encode().decode("latin-1")})
    with pytest.raises(SourceError):
        gate_for(site).get(site.url + "/")
    with pytest.raises(SourceError):
        fetch_cover(gate_for(site), site.url + "/")


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a16_a_name_that_leads_to_a_private_address_is_refused_in_every_wrapper(victim: Victim, wrapper: str) -> None:
    with pytest.raises(AddressRefused):
        gate_for(resolver=resolver_of(wrapper)).get(f"http://rebind.example:{victim.port}/")


def test_a17_a_name_that_is_public_first_and_private_second_is_refused_the_second_time(
    site: LoopbackSite, victim: Victim
) -> None:
    """One look-up is what is checked and what is connected to; each new connection is looked up and checked anew."""
    site.pages["/"] = Answer("hello", headers={"Connection": "close"})
    asked: list[str] = []
    answers = resolver_of("127.0.0.1", ADDRESS)

    def resolver(host: str, *rest: object) -> list:
        asked.append(host)
        return answers(host, *rest)

    port = site.url.rsplit(":", 1)[1]
    gate = gate_for(site, resolver=resolver)
    assert gate.get(f"http://rebind.example:{port}/").text == "hello"
    assert len(asked) == 1
    with pytest.raises(AddressRefused):
        gate.get(f"http://rebind.example:{victim.port}/")
    assert len(asked) == 2


def test_a17_a_redirect_to_a_name_that_changes_its_mind_is_refused(site: LoopbackSite, victim: Victim) -> None:
    port = site.url.rsplit(":", 1)[1]
    site.pages["/"] = Answer(status=302, headers={"Location": f"http://rebind.example:{victim.port}/"})
    with pytest.raises(AddressRefused):
        gate_for(site, resolver=resolver_of("127.0.0.1", ADDRESS)).get(f"http://rebind.example:{port}/")
    with pytest.raises(AddressRefused):
        fetch_cover(gate_for(site, resolver=resolver_of("127.0.0.1", ADDRESS)), f"http://rebind.example:{port}/")


# ── what the owner's own addresses lead to ──────────────────────────────────


def test_a15_a_media_server_leads_nowhere_but_to_itself(running: Server, site: LoopbackSite, victim: Victim) -> None:
    """Its address may be at home; that of a redirect may not, and no other port of the same machine."""
    for goal in (
        f"http://127.0.0.2:{victim.port}/x",
        f"http://[::ffff:127.0.0.2]:{victim.port}/x",
        "http://169.254.169.254/",
        "file:///etc/passwd",
    ):
        for path in ("/", "/System/Info", "/System/Info/Public", "/identity", "/jsonrpc", "/Library/Refresh"):
            site.pages[path] = Answer(status=302, headers={"Location": goal})
        for kind in ("jellyfin", "plex", "kodi"):
            running.configure(media_server={"kind": kind, "url": site.url, "token": "canary-8812"})
            told = running.post("/api/media-server/test")
            assert told["ok"] is False
            assert "canary-8812" not in str(told) and "root:" not in str(told)


@pytest.mark.slow
def test_a19_no_form_of_a_private_notification_address_is_reached(
    running: Server, site: LoopbackSite, victim: Victim
) -> None:
    hosts = [form.split("://", 1)[1] for form in FORMS if form.startswith("http://") and "{port}" in form]
    urls = [f"json://{victim.form(host)}" for host in hosts]
    for start in range(0, len(urls), 8):
        answer = running.call("POST", "/api/notifications/test", {"urls": urls[start : start + 8]})
        assert answer.status_code == 422 or not [one for one in answer.json() if one["ok"]]
        assert victim.heard == 0, urls[start : start + 8]
    site.pages["/away"] = Answer(status=307, headers={"Location": f"http://127.0.0.2:{victim.port}/x"})
    running.call("POST", "/api/notifications/test", {"urls": [f"json://{site.url.removeprefix('http://')}/away"]})


# ── the child of a transfer ─────────────────────────────────────────────────


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.slow
def test_a18_a_transfer_does_not_fetch_a_private_link_in_any_form(ask: Ask, victim: Victim, form: str) -> None:
    with pytest.raises(AniworldError):
        ask(victim.form(form) if "://" in form else f"http://{victim.form(form)}").run()


PLACES = [
    "variant",
    "sound",
    "segment",
    "key",
    "map",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("subtitles", "stills", "session key", "session data", "part")
    ),
]


def places(private: str) -> dict[str, str]:
    """Playlists that name ``private`` in each place where a playlist can name an address."""
    piece = "#EXTINF:1,\ns.ts\n"
    return {
        "variant": f"{HEAD}#EXT-X-STREAM-INF:BANDWIDTH=1\n{private}\n",
        "sound": (
            f'{HEAD}#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",DEFAULT=YES,URI="{private}"\n'
            '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nlist.m3u8\n'
        ),
        "segment": f"{HEAD}#EXTINF:1,\n{private}\n{END}",
        "key": f'{HEAD}#EXT-X-KEY:METHOD=AES-128,URI="{private}"\n{piece}{END}',
        "subtitles": (
            f'{HEAD}#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="x",DEFAULT=YES,URI="{private}"\n'
            '#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="s"\npieces.m3u8\n'
        ),
        "stills": (
            f'{HEAD}#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="{private}"\n#EXT-X-STREAM-INF:BANDWIDTH=1\npieces.m3u8\n'
        ),
        "session key": (
            f'{HEAD}#EXT-X-SESSION-KEY:METHOD=AES-128,URI="{private}"\n#EXT-X-STREAM-INF:BANDWIDTH=1\npieces.m3u8\n'
        ),
        "session data": (
            f'{HEAD}#EXT-X-SESSION-DATA:DATA-ID="x",URI="{private}"\n#EXT-X-STREAM-INF:BANDWIDTH=1\npieces.m3u8\n'
        ),
        "part": f'{HEAD}#EXT-X-PART:DURATION=1,URI="{private}"\n{piece}{END}',
        "map": f'{HEAD}#EXT-X-MAP:URI="{private}"\n#EXTINF:1,\ns.m4s\n{END}',
    }


@pytest.mark.parametrize("place", PLACES)
def test_a18_no_place_of_a_playlist_leads_into_the_private_network(
    host: MediaHost, ask: Ask, victim: Victim, place: str
) -> None:
    host.files["/s.ts"] = host.files["/s.m4s"] = PIECE
    for private in (f"http://127.0.0.2:{victim.port}/x", f"http://[::ffff:127.0.0.2]:{victim.port}/x"):
        host.files["/list.m3u8"] = places(private)[place].encode()
        host.files["/pieces.m3u8"] = f"{HEAD}#EXTINF:1,\ns.ts\n{END}".encode()
        with pytest.raises(AniworldError):
            ask("/list.m3u8", StreamKind.HLS).run()
        host.count.clear()


@pytest.mark.parametrize("kind", KINDS)
def test_a18_a_transfer_follows_no_redirect_into_the_private_network(
    host: MediaHost, ask: Ask, victim: Victim, kind: StreamKind
) -> None:
    def away(request: Request) -> bool:
        request.answer(302, b"", Location=f"http://127.0.0.2:{victim.port}/x")
        return True

    host.faults["/x"] = away
    with pytest.raises(AddressRefused):
        ask("/x", kind).run()


def test_a18_a_segment_that_is_redirected_into_the_private_network_fails(
    host: MediaHost, ask: Ask, victim: Victim
) -> None:
    def away(request: Request) -> bool:
        request.answer(302, b"", Location=f"http://127.0.0.2:{victim.port}/x")
        return True

    host.files["/0.ts"] = PIECE
    host.faults["/1.ts"] = away
    host.files["/list.m3u8"] = f"{HEAD}#EXTINF:1,\n0.ts\n#EXTINF:1,\n1.ts\n{END}".encode()
    with pytest.raises(AddressRefused):
        ask("/list.m3u8", StreamKind.HLS).run()


@pytest.mark.slow
def test_a18_a_page_whose_video_is_private_is_not_fetched(host: MediaHost, ask: Ask, victim: Victim) -> None:
    def page(request: Request) -> bool:
        video = f"http://127.0.0.2:{victim.port}/x.mp4"
        request.answer(200, f'<video src="{video}"><source src="{video}"></video>'.encode(), Content_Type="text/html")
        return True

    host.faults["/e/1"] = page
    with pytest.raises(AniworldError):
        ask("/e/1", StreamKind.PAGE).run()


_RESOLVER = """
import sys, socket
sys.path.insert(0, {root!r})
from tests.security.victim import resolver_of
ours, real = resolver_of(*{answers!r}), socket.getaddrinfo
socket.getaddrinfo = lambda host, *a, **k: ours(host, *a, **k) if host == "rebind.example" else real(host, *a, **k)
"""

Resolving = Callable[..., None]


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Resolving:
    """The child's own look-ups of ``rebind.example`` give these answers, one after another."""

    def answers(*given: str) -> None:
        code = _RESOLVER.format(root=str(supervisor._ROOT), answers=given)
        monkeypatch.setattr(supervisor, "_START", f"exec({code!r})\n{supervisor._START}")

    return answers


@pytest.mark.parametrize("kind", KINDS)
def test_a18_a_name_that_is_public_first_and_private_second_does_not_fool_the_child(
    host: MediaHost, ask: Ask, victim: Victim, resolving: Resolving, kind: StreamKind
) -> None:
    resolving(host.address.split(":")[0], ADDRESS)

    def away(request: Request) -> bool:
        request.answer(302, b"", Location=f"http://rebind.example:{victim.port}/x")
        request.close_connection = True
        return True

    host.faults["/x"] = away
    with pytest.raises(AddressRefused):
        ask(f"http://rebind.example:{host.address.split(':')[1]}/x", kind).run()
    assert host.count["/x"] == 1


@pytest.mark.parametrize("wrapper", ["127.0.0.2", "::ffff:127.0.0.2", "64:ff9b::7f00:2", "::1", "169.254.169.254"])
def test_a18_the_child_refuses_names_of_private_addresses_in_every_wrapper(
    ask: Ask, victim: Victim, resolving: Resolving, wrapper: str
) -> None:
    resolving(wrapper)
    with pytest.raises(AddressRefused):
        ask(f"http://rebind.example:{victim.port}/x.mp4").run()


def test_a18_a_segment_whose_name_changes_its_mind_is_refused(
    host: MediaHost, ask: Ask, victim: Victim, resolving: Resolving
) -> None:
    """The playlist comes from an honest answer; by the time of its segments the name has moved."""
    port = host.address.split(":")[1]
    resolving("127.0.0.1", ADDRESS)
    segments = "".join(f"#EXTINF:1,\nhttp://rebind.example:{victim.port}/{n}.ts\n" for n in range(3))
    host.files["/list.m3u8"] = f"{HEAD}{segments}{END}".encode()
    with pytest.raises(AddressRefused):
        ask(f"http://rebind.example:{port}/list.m3u8", StreamKind.HLS).run()
