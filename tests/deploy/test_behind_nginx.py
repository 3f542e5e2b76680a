"""The whole way: a browser's requests over HTTPS through nginx, with the examples as they stand, to a running
server.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from simple_websocket import Client
from simple_websocket import ConnectionError as NotConnected

from tests.deploy.nginx import Nginx
from tests.deploy.people import open_folder
from tests.deploy.reading import DEPLOY
from tests.running import PASSWORD, Server

EXAMPLES = {"": DEPLOY / "nginx.conf", "/aniworld": DEPLOY / "nginx-subpath.conf"}
REACHED_AS = {"": "anime.example.org", "/aniworld": "home.example.org"}


@dataclass
class Site:
    """What stands behind one example. ``url`` ends with the prefix; ``host`` is what the browser's address line
    says.
    """

    prefix: str
    url: str
    host: str
    certificate: str
    server: Server
    owner: requests.Session | None = None

    def visitor(self) -> requests.Session:
        """A browser that has not signed in."""
        session = requests.Session()
        session.trust_env, session.verify = False, self.certificate
        return session

    def signed_in(self) -> requests.Session:
        """The owner's browser, signed in once: hashing a password takes its time."""
        if self.owner is None:
            self.owner = self._sign_in()
        return self.owner

    def _sign_in(self) -> requests.Session:
        session = self.visitor()
        answer = session.post(
            f"{self.url}/api/auth/login", json={"password": PASSWORD}, headers={"Origin": self.origin}
        )
        assert answer.status_code == 200, answer.text
        return session

    @property
    def origin(self) -> str:
        return "https://" + self.host

    def socket(self, path: str, *, origin: str = "https://localhost", **headers: str) -> Client:
        """This client leaves the port out of ``Host``, so it stays out of ``Origin`` as well."""
        context = ssl.create_default_context(cafile=self.certificate)
        return Client(
            f"{self.url}{path}".replace("https", "wss", 1), headers={"Origin": origin, **headers}, ssl_context=context
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with open_folder() as place:
        (place / "library").mkdir()
        running = Server(
            place / "instance",
            ANIWORLD_LIBRARY=str(place / "library"),
            ANIWORLD_HOSTS=",".join(REACHED_AS.values()),
            ANIWORLD_TRUSTED_PROXIES="127.0.0.1",
            ANIWORLD_SECURE_COOKIES="true",
        )
        running.start(sign_in=False)
        yield running
        running.stop()


@pytest.fixture(scope="module", params=EXAMPLES, ids=["root", "subpath"])
def site(request: pytest.FixtureRequest, server: Server) -> Iterator[Site]:
    with open_folder() as folder:
        nginx = Nginx(folder, EXAMPLES[request.param], upstream=server.url)
        nginx.start()
        host = f"localhost:{nginx.ports['443']}"
        yield Site(request.param, f"https://{host}{request.param}", host, str(nginx.certificate), server)
        nginx.stop()


def test_a_visitor_is_led_to_the_sign_in_below_the_prefix(site: Site) -> None:
    answer = site.visitor().get(site.url + "/")
    assert answer.status_code == 200
    assert answer.url.startswith(f"{site.url}/login"), answer.history
    for step in answer.history:
        assert step.headers["Location"].startswith(site.prefix + "/")


def test_the_prefix_without_its_slash_leads_there_too(site: Site) -> None:
    assert site.visitor().get(site.url).url.startswith(f"{site.url}/login")


def test_everything_that_the_pages_load_is_below_the_prefix_and_there(site: Site) -> None:
    visitor, owner = site.visitor(), site.signed_in()
    wanted = {
        reference for page in ("/login", "/") for reference in references(owner if page == "/" else visitor, site, page)
    }
    assert len(wanted) > 5
    for reference in sorted(wanted):
        assert reference.startswith(site.prefix + "/"), reference
        assert owner.get(site.origin + reference).status_code == 200, reference


def references(session: requests.Session, site: Site, page: str) -> list[str]:
    """What a page loads or leads to on this server, queries included."""
    answer = session.get(site.url + page)
    assert answer.status_code == 200, answer.text
    assert f'data-base="{site.prefix}"' in answer.text
    found = re.findall(r'\s(?:src|href|action|hx-get)="([^"#]+)"', answer.text)
    return [reference.replace("&amp;", "&") for reference in found if not reference.startswith(("data:", "http"))]


def test_signing_in_by_the_plain_form(site: Site) -> None:
    browser = site.visitor()
    page = browser.get(f"{site.url}/login").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    form = {"password": PASSWORD, "csrf_token": token[1]}
    answer = browser.post(f"{site.url}/login", data=form, headers={"Origin": site.origin}, allow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    assert answer.headers["Location"] == f"{site.prefix}/"
    assert browser.get(f"{site.url}/api/queue/status").status_code == 200


def test_the_cookie_is_secure_and_changes_need_the_token(site: Site) -> None:
    browser = site.visitor()
    answer = browser.post(f"{site.url}/api/auth/login", json={"password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert "; Secure" in cookie and "; HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert browser.post(f"{site.url}/api/queue/start").status_code == 403
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get(f"{site.url}/").text)
    assert token
    wish = {"X-CSRFToken": token[1], "Origin": site.origin}
    assert browser.post(f"{site.url}/api/queue/stop", headers=wish).status_code == 200
    foreign = {"X-CSRFToken": token[1], "Origin": "https://elsewhere.example.org"}
    assert browser.post(f"{site.url}/api/queue/stop", headers=foreign).status_code == 403


def test_the_api_by_token(site: Site) -> None:
    token = site.visitor().post(f"{site.url}/api/auth/login", json={"password": PASSWORD}).json()["access_token"]
    mine = {"Authorization": f"Bearer {token}"}
    visitor = site.visitor()
    assert visitor.get(f"{site.url}/api/anime/", headers=mine).json() == []
    assert visitor.get(f"{site.url}/api/anime/").status_code == 401
    assert visitor.get(f"{site.url}/health").json() == {"status": "ok"}
    assert visitor.get(f"{site.url}/api/openapi.json", headers=mine).json()["servers"] == [{"url": site.prefix or "/"}]


def test_the_sessions_name_the_visitors_address_and_not_the_one_that_they_claim(site: Site) -> None:
    browser = site.signed_in()
    claims = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Prefix": "/claimed-prefix",
        "X-Forwarded-Host": "claimed.example.org",
    }
    answer = browser.get(f"{site.url}/api/auth/sessions", headers=claims)
    assert answer.status_code == 200
    assert {one["address"] for one in answer.json()} == {"127.0.0.1"}
    page = browser.get(site.url + "/", headers=claims).text
    assert f'data-base="{site.prefix}"' in page and "claimed" not in page


def test_the_named_hosts_are_answered_and_others_refused(site: Site) -> None:
    named = {"Host": REACHED_AS[site.prefix]}
    assert site.visitor().get(f"{site.url}/health", headers=named).status_code == 200
    refused = site.visitor().get(f"{site.url}/health", headers={"Host": "rebound.example.com"})
    assert refused.status_code == 400 and "ANIWORLD_HOSTS" in refused.json()["detail"]
    refused = site.visitor().get(
        f"{site.url}/socket.io/?EIO=4&transport=polling", headers={"Host": "rebound.example.com"}
    )
    assert refused.status_code == 400


def test_socket_io_over_websocket_hears_its_room(site: Site) -> None:
    line = site.socket("/socket.io/?EIO=4&transport=websocket", Cookie=cookie_of(site.signed_in()))
    try:
        assert hear(line).startswith("0{")
        line.send("40")
        assert hear(line).startswith("40{")
        line.send('420["join",["downloads","scan_progress"]]')
        heard = [hear(line) for _ in range(3)]
        assert any(text.startswith("430") and '"ok":true' in text.replace(" ", "") for text in heard), heard
        assert any(text.startswith("42") and "queue_status" in text for text in heard), heard
    finally:
        line.close()


def test_socket_io_over_polling_where_websockets_are_blocked(site: Site) -> None:
    browser = site.signed_in()
    address = f"{site.url}/socket.io/?EIO=4&transport=polling"
    opened = json.loads(browser.get(address).text[1:])
    address += f"&sid={opened['sid']}"
    assert browser.post(address, data="40", headers={"Origin": site.origin}).text == "OK"
    assert browser.get(address).text.startswith("40{")


def test_socket_io_refuses_strangers_and_foreign_pages(site: Site) -> None:
    stranger = site.socket("/socket.io/?EIO=4&transport=websocket")
    hear(stranger)
    stranger.send("40")
    assert hear(stranger).startswith("44"), "a connection that is not signed in is refused"
    with pytest.raises(NotConnected):
        site.socket(
            "/socket.io/?EIO=4&transport=websocket",
            Cookie=cookie_of(site.signed_in()),
            origin="https://elsewhere.example.org",
        )


def test_the_native_websocket(site: Site) -> None:
    line = site.socket("/ws/connect", Cookie=cookie_of(site.signed_in()))
    try:
        line.send(json.dumps({"action": "join", "room": "downloads"}))
        assert until_heard(line, "queue_status")["type"] == "queue_status"
    finally:
        line.close()


def test_plain_http_is_led_to_https(server: Server) -> None:
    with open_folder() as folder:
        nginx = Nginx(folder, EXAMPLES[""], upstream=server.url)
        nginx.start()
        try:
            answer = requests.get(
                f"http://127.0.0.1:{nginx.ports['80']}/queue?x=1",
                headers={"Host": "anime.example.org"},
                allow_redirects=False,
                timeout=10,
            )
        finally:
            nginx.stop()
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://anime.example.org/queue?x=1")


def cookie_of(session: requests.Session) -> str:
    return "; ".join(f"{one.name}={one.value}" for one in session.cookies)


def hear(line: Client, within_s: float = 10.0) -> str:
    """The next message; heartbeats are answered and passed over."""
    while True:
        text = line.receive(timeout=within_s)
        assert text is not None, "nothing was heard"
        if text != "2":
            return str(text)
        line.send("3")


def until_heard(line: Client, kind: str) -> Any:
    for _ in range(10):
        message = json.loads(hear(line))
        if message["type"] == kind:
            return message
    raise AssertionError(f"{kind} was not heard")
