"""The gate: where it goes and where it does not, how often, how long, how much."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator

import pytest

from aniworld.core.addresses import AddressRule
from aniworld.core.errors import AddressRefused, SiteUnreachable, TooLarge
from aniworld.providers.fetch.client import Gate
from aniworld.providers.plugin_api.testkit import Answer, Asked, LoopbackSite, open_gate


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite({"/": "hallo"}) as made:
        yield made


def test_a_page_comes_with_an_honest_name_and_no_cookies(site: LoopbackSite) -> None:
    site.pages["/"] = Answer("hällo", headers={"Set-Cookie": "a=b", "X-Thing": "1"})
    gate = open_gate(user_agent="Aniworld/9")
    gate.get(site.url + "/")
    page = gate.get(site.url + "/", params={"keyword": "ä b"}, referer="http://x.example/")
    assert (page.status, page.text, page.headers["x-thing"]) == (200, "hällo", "1")
    asked = site.asked[-1].headers
    assert asked["user-agent"] == "Aniworld/9"
    assert asked["accept-encoding"] == "gzip, deflate"
    assert asked["referer"] == "http://x.example/"
    assert "cookie" not in asked
    assert site.asked[-1].query == {"keyword": "ä b"}


def test_connections_are_kept(site: LoopbackSite) -> None:
    calls = []

    def resolver(host: str, port: int, *rest: object) -> list:
        calls.append(host)
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)

    gate = open_gate(resolver=resolver)
    for _ in range(3):
        gate.get(site.url + "/")
    assert len(calls) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/x",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://user:pass@example.org/",
        "http://exa mple.org/",
    ],
)
def test_private_addresses_and_odd_forms_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        Gate(rule=AddressRule(), user_agent="x", requests_per_second=0, timeout_s=1).get(url)


def test_a_name_that_leads_to_a_private_address_is_refused_even_beside_a_public_one() -> None:
    def resolver(host: str, port: int, *rest: object) -> list:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "192.168.1.1")]

    gate = Gate(rule=AddressRule(), user_agent="x", requests_per_second=0, timeout_s=1, resolver=resolver)
    with pytest.raises(AddressRefused, match="192.168.1.1"):
        gate.get("https://rebind.example/")


def test_a_redirect_is_checked_like_an_address(site: LoopbackSite) -> None:
    for target in ("http://127.0.0.2:1/", "file:///etc/passwd", "http://10.1.1.1/", "http://[::1", "gopher://x/"):
        site.pages["/"] = Answer(status=302, headers={"Location": target})
        host = site.url.removeprefix("http://")
        gate = Gate(rule=AddressRule.of([host]), user_agent="x", requests_per_second=0, timeout_s=1)
        with pytest.raises(AddressRefused):
            gate.get(site.url + "/")


def test_redirects_are_followed_ten_times_and_never_in_circles(site: LoopbackSite) -> None:
    site.pages["/a"] = Answer(status=301, headers={"Location": "b?x=ü"})
    site.pages["/b"] = "angekommen"
    gate = open_gate()
    page = gate.get(site.url + "/a")
    assert (page.text, page.url) == ("angekommen", site.url + "/b?x=%C3%BC")
    assert gate.get(site.url + "/a", follow=False).status == 301
    site.pages["/c"] = Answer(status=302, headers={"Location": "/c"})
    with pytest.raises(SiteUnreachable, match="without an end"):
        gate.get(site.url + "/c")
    assert site.paths().count("/c") == 11


def test_a_site_that_sets_a_cookie_and_redirects_to_itself_serves_whoever_brings_it(site: LoopbackSite) -> None:
    def guarded(asked: Asked) -> Answer:
        if asked.headers.get("cookie") == "seen=1":
            return Answer("da")
        return Answer(status=302, headers={"Location": "/", "Set-Cookie": "seen=1; Path=/"})

    site.pages["/"] = guarded
    gate = open_gate()
    assert gate.get(site.url + "/").text == "da"
    assert gate.get(site.url + "/").text == "da"
    assert ["cookie" in asked.headers for asked in site.asked] == [False, True, False, True], "for one wish only"


def test_a_cookie_is_not_sent_to_the_host_that_a_redirect_leads_to(site: LoopbackSite) -> None:
    with LoopbackSite({"/": "da"}) as other:
        site.pages["/"] = Answer(
            status=302, headers={"Location": other.url + "/", "Set-Cookie": "secret=1; Domain=127.0.0.1"}
        )
        assert open_gate().get(site.url + "/").text == "da"
    assert "cookie" not in other.asked[0].headers


def test_secrets_stay_with_their_host_on_a_redirect(site: LoopbackSite) -> None:
    with LoopbackSite({"/": "da"}) as other:
        site.pages["/"] = Answer(status=302, headers={"Location": other.url + "/"})
        open_gate().get(site.url + "/", headers={"Authorization": "Bearer x", "X-Api-Key": "y", "X-Other": "z"})
    assert "authorization" in site.asked[0].headers
    assert not {"authorization", "x-api-key"} & set(other.asked[0].headers)
    assert other.asked[0].headers["x-other"] == "z"


def test_a_form_that_is_redirected_becomes_a_get(site: LoopbackSite) -> None:
    site.pages["POST /f"] = Answer(status=302, headers={"Location": "/"})
    assert open_gate().post(site.url + "/f", {"a": "1"}).text == "hallo"
    assert [(a.method, a.form) for a in site.asked] == [("POST", {"a": "1"}), ("GET", {})]


def test_a_burst_of_server_faults_is_tried_again_and_retry_after_is_honoured(site: LoopbackSite) -> None:
    answers = iter([Answer(status=503, headers={"Retry-After": "1"}), Answer(status=500), Answer("da")])
    site.pages["/"] = lambda asked: next(answers)
    start = time.monotonic()
    assert open_gate().get(site.url + "/").text == "da"
    assert time.monotonic() - start >= 1.7


def test_a_long_retry_after_is_handed_on_instead_of_waited_for(site: LoopbackSite) -> None:
    site.pages["/"] = Answer(status=429, headers={"Retry-After": "900"})
    with pytest.raises(SiteUnreachable) as raised:
        open_gate().get(site.url + "/")
    assert raised.value.retry_after == 900
    assert len(site.asked) == 1


@pytest.mark.parametrize("value", ["\xb2", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "soon", "9" * 5000])
def test_a_retry_after_that_makes_no_sense_breaks_nothing(site: LoopbackSite, value: str) -> None:
    answers = iter([Answer(status=503, headers={"Retry-After": value}), *[Answer("da")] * 3])
    site.pages["/"] = lambda asked: next(answers)
    if value.startswith("9"):
        with pytest.raises(SiteUnreachable) as raised:
            open_gate().get(site.url + "/")
        assert raised.value.retry_after == 86_400
    else:
        assert open_gate().get(site.url + "/").text == "da"


def test_a_protection_page_is_not_hammered(site: LoopbackSite) -> None:
    site.pages["/"] = Answer("<title>Just a moment...</title>", 503)
    assert open_gate().get(site.url + "/").status == 503
    assert len(site.asked) == 1


def test_gone_and_not_modified_are_answers(site: LoopbackSite) -> None:
    site.pages["/same"] = lambda asked: Answer(status=304 if asked.headers.get("if-none-match") == '"7"' else 200)
    gate = open_gate()
    assert gate.get(site.url + "/nowhere").gone
    assert gate.get(site.url + "/same", etag='"7"').not_modified


def test_a_gzip_bomb_and_an_announced_giant_are_too_large(site: LoopbackSite) -> None:
    site.pages["/bomb"] = Answer(gzip.compress(b"0" * 60_000_000), headers={"Content-Encoding": "gzip"})
    site.pages["/deflate"] = Answer(zlib.compress(b"ok"), headers={"Content-Encoding": "deflate"})
    site.pages["/big"] = b"0" * 2000
    gate = open_gate()
    with pytest.raises(TooLarge):
        gate.get(site.url + "/bomb")
    assert gate.get(site.url + "/deflate").text == "ok"
    with pytest.raises(TooLarge):
        gate.get(site.url + "/big", max_bytes=1000)


def test_media_is_recognised_without_reading_it(site: LoopbackSite) -> None:
    site.pages["/v"] = Answer(b"0" * 20_000_000, headers={"Content-Type": "video/mp4"})
    page = open_gate().get(site.url + "/v", skip_media=True)
    assert page.media and page.body == b""


def test_at_most_so_many_requests_a_second_to_one_host(site: LoopbackSite) -> None:
    gate = open_gate(requests_per_second=8)
    start = time.monotonic()
    threads = [threading.Thread(target=gate.get, args=(site.url + "/",)) for _ in range(17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1.99 <= time.monotonic() - start < 10
    gate.configure(requests_per_second=0)
    start = time.monotonic()
    gate.get(site.url + "/")
    assert time.monotonic() - start < 0.3


@pytest.fixture
def raw() -> Iterator[tuple[str, list]]:
    """A raw socket server; put a function of the connection into the list."""
    listener = socket.create_server(("127.0.0.1", 0))
    serve: list = []

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_served, args=(connection, serve[0]), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/", serve
    listener.close()


def _served(connection: socket.socket, serve: object) -> None:
    with connection:
        try:
            connection.recv(4096)
            serve(connection)  # type: ignore[operator]
        except OSError:
            return


def _drip(head: bytes, piece: bytes) -> object:
    def serve(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(piece)
            time.sleep(0.05)

    return serve


@pytest.mark.parametrize(
    "serve",
    [
        _drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        _drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x"),
        _drip(b"HTTP/1.1 200 OK\r\nX-", b"x"),
        _drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
)
def test_a_site_that_drips_is_cut_off(raw: tuple[str, list], serve: object) -> None:
    url, served = raw
    served.append(serve)
    start = time.monotonic()
    with pytest.raises(SiteUnreachable, match="slowly"):
        open_gate(timeout_s=0.2).get(url)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip",
    ],
)
def test_a_broken_answer_is_tried_again_and_then_told(
    raw: tuple[str, list], answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aniworld.providers.fetch.client.TRIES", 2)
    url, served = raw
    times = []
    served.append(lambda connection: (times.append(1), connection.sendall(answer)))
    with pytest.raises(SiteUnreachable):
        open_gate(timeout_s=1).get(url)
    assert len(times) == 2


def test_a_silent_site_ends_after_the_time_out(raw: tuple[str, list], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aniworld.providers.fetch.client.TRIES", 1)
    url, served = raw
    served.append(lambda connection: time.sleep(3))
    with pytest.raises(SiteUnreachable, match="in time"):
        open_gate(timeout_s=0.3).get(url)


def test_closing_the_gate_ends_who_waits(site: LoopbackSite) -> None:
    gate = open_gate(requests_per_second=0.01)
    gate.get(site.url + "/")
    ended = threading.Event()

    def ask() -> None:
        with pytest.raises(SiteUnreachable, match="stopping"):
            gate.get(site.url + "/")
        ended.set()

    threading.Thread(target=ask, daemon=True).start()
    time.sleep(0.1)
    gate.close()
    gate.close()
    assert ended.wait(2)


def test_a_name_that_does_not_resolve_says_what_to_do() -> None:
    with pytest.raises(SiteUnreachable, match=r"nowhere\.invalid.*DNS.*mirror"):
        open_gate().get("http://nowhere.invalid/")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("Ä".encode(), {"Content-Type": "text/html"}),
        ("Ä".encode("cp1252"), {"Content-Type": "text/html; charset=iso-8859-1"}),
        ("<meta charset='windows-1252'>Ä".encode("cp1252"), {"Content-Type": "text/html"}),
        ("Ä".encode("cp1252"), {"Content-Type": "text/html; charset=utf-8"}),
        ("\ufeffÄ".encode("utf-16"), {"Content-Type": "text/html; charset=no-such"}),
    ],
)
def test_text_is_read_whatever_its_encoding(site: LoopbackSite, body: bytes, headers: dict) -> None:
    site.pages["/"] = Answer(body, headers=headers)
    assert open_gate().get(site.url + "/").text.endswith("Ä")
