"""Jellyfin, Plex and Kodi hear of new episodes; the way to them leads nowhere else."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from aniworld.config.settings import LibrarySettings, MediaServerSettings, Settings
from aniworld.core.errors import InvalidInput
from aniworld.core.events import DownloadComplete, EventBus
from aniworld.services.notifications.media_servers import MediaServerService, OneServerRule, server_address
from tests.services.listener import Answer, Listener

TOKEN = "canary-55e1b0"
PLEX = {
    "MediaContainer": {
        "Directory": [
            {"key": "2", "Location": [{"path": "/srv/anime"}]},
            {"key": "3", "Location": [{"path": "/srv"}, {"path": "/films"}]},
            {"key": "../../evil", "Location": [{"path": "/srv/anime/Steinwacht (2021)"}]},
        ]
    }
}


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as made:
        yield made


class House:
    def __init__(self, kind: str, url: str, *, token: str = TOKEN, library_path: str = "") -> None:
        self.bus = EventBus()
        self.settings = replace(
            Settings(),
            library=LibrarySettings(root="/srv/anime"),
            media_server=MediaServerSettings(kind, url, token, library_path),
        )
        self.service = MediaServerService(
            self.bus, lambda: self.settings, user_agent="Aniworld/1", settle_s=0.2, timeout_s=1
        )
        self.service.start()

    def place(self, *numbers: int) -> None:
        for number in numbers:
            file = f"Steinwacht (2021)/Season 01/Käse - S01E{number:02d}.mp4"
            self.bus.publish(DownloadComplete("i", "k", "Steinwacht (2021)", 1, number, file, 7, "ger-dub", 1.0))
        self.service.stop()


def test_jellyfin_hears_of_all_new_files_in_one_message(listener: Listener) -> None:
    listener.otherwise = Answer(204, b"")
    House("jellyfin", listener.url + "/").place(1, 2, 2)
    (heard,) = listener.wait_for(1)
    assert (heard.method, heard.path) == ("POST", "/Library/Media/Updated")
    folder = "/srv/anime/Steinwacht (2021)/Season 01"
    assert heard.json == {
        "Updates": [{"Path": f"{folder}/Käse - S01E0{number}.mp4", "UpdateType": "Created"} for number in (1, 2)]
    }
    assert heard.headers["Authorization"] == f'MediaBrowser Token="{TOKEN}"'
    assert heard.headers["X-Emby-Token"] == TOKEN
    assert TOKEN not in heard.path
    assert heard.query == {}


def test_jellyfin_behind_a_sub_path_that_sees_the_library_elsewhere(listener: Listener) -> None:
    House("jellyfin", f"{listener.url}/jelly", library_path="/media/Anime").place(1)
    (heard,) = listener.wait_for(1)
    assert heard.path == "/jelly/Library/Media/Updated"
    assert heard.json["Updates"][0]["Path"].startswith("/media/Anime/Steinwacht (2021)/")


def test_plex_refreshes_the_folder_in_the_library_that_holds_it(listener: Listener) -> None:
    listener.answers["/library/sections"] = Answer(body=json.dumps(PLEX).encode())
    House("plex", listener.url).place(1, 2)
    asked, refreshed = listener.wait_for(2)
    assert asked.path == "/library/sections"
    assert (refreshed.method, refreshed.path) == ("GET", "/library/sections/2/refresh")
    assert refreshed.query == {"path": ["/srv/anime/Steinwacht (2021)/Season 01"]}
    assert all(heard.headers["X-Plex-Token"] == TOKEN for heard in listener.heard)


def test_plex_that_does_not_hold_the_library_is_told_in_the_log(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.answers["/library/sections"] = Answer(body=json.dumps(PLEX).encode())
    House("plex", listener.url, library_path="/elsewhere").place(1)
    assert [heard.path for heard in listener.heard] == ["/library/sections"]
    assert "library_path" in caplog.text


@pytest.mark.parametrize(
    ("library_path", "params"),
    [
        ("", {"showdialogs": False}),
        ("/nas", {"directory": "/nas/Steinwacht (2021)/Season 01/", "showdialogs": False}),
    ],
)
def test_kodi_scans_what_it_is_known_to_see(listener: Listener, library_path: str, params: dict[str, object]) -> None:
    listener.otherwise = Answer(body=b'{"jsonrpc":"2.0","id":1,"result":"OK"}')
    House("kodi", listener.url, token="kodi:pass", library_path=library_path).place(1, 2)
    (heard,) = listener.wait_for(1)
    assert (heard.path, heard.json["method"], heard.json["params"]) == ("/jsonrpc", "VideoLibrary.Scan", params)
    assert heard.headers["Authorization"] == f"Basic {base64.b64encode(b'kodi:pass').decode()}"


@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        ("jellyfin", "/System/Info", b'{"Version": "10.10"}'),
        ("plex", "/library/sections", json.dumps(PLEX).encode()),
        ("kodi", "/jsonrpc", b'{"result": "pong"}'),
    ],
)
def test_the_owner_tries_the_address(listener: Listener, kind: str, path: str, body: bytes) -> None:
    listener.answers[path] = Answer(body=body)
    trial = House(kind, listener.url).service.test()
    assert trial.ok, trial
    assert [heard.path for heard in listener.heard] == [path]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(401, TOKEN.encode()), "token"),
        (Answer(403), "token"),
        (Answer(404), "no Jellyfin at this address"),
        (Answer(500, TOKEN.encode()), "fault of its own"),
        (Answer(200, b"<html>" + TOKEN.encode()), "no Jellyfin"),
        (Answer(200, b"[" * 200_000), "no Jellyfin"),
        (Answer(200, b'{"a": "' + b"x" * 2_000_000 + b'"}'), "larger"),
    ],
    ids=["401", "403", "404", "500", "html", "deep", "huge"],
)
def test_what_answers_wrongly_is_a_sentence_and_never_echoed(listener: Listener, answer: Answer, words: str) -> None:
    listener.otherwise = answer
    trial = House("jellyfin", listener.url).service.test()
    assert not trial.ok
    assert words in trial.message
    assert TOKEN not in trial.message


def test_hostile_answers_of_plex_lead_to_no_other_path(listener: Listener) -> None:
    hostile = {"MediaContainer": {"Directory": [{"key": "1/../../x", "Location": [{"path": "/"}]}, 7, {"key": "4"}]}}
    for body in (hostile, {"MediaContainer": []}, {"MediaContainer": {"Directory": "x"}}, {}):
        listener.answers["/library/sections"] = Answer(body=json.dumps(body).encode())
        House("plex", listener.url).place(1)
    assert {heard.path for heard in listener.heard} == {"/library/sections"}


def test_a_redirect_is_not_followed(listener: Listener) -> None:
    with Listener() as inner:
        listener.otherwise = Answer(302, b"", {"Location": f"{inner.url}/"})
        trial = House("jellyfin", listener.url).service.test()
        assert "another address" in trial.message
        assert inner.heard == []


def test_a_server_that_is_dead_or_silent_holds_nobody_up(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    listener.silent.set()
    house = House("jellyfin", listener.url)
    house.place(1)
    assert not house.service.test().ok
    assert not House("jellyfin", "http://127.0.0.1:1025").service.test().ok
    assert "was not told of new episodes (1)" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://nas",
        "http://user:pw@nas:8096",
        "http://nas:8096/?x=",
        "http://nas:8096/#",
        "http://nas:8096/a/../b",
        "http://nas:8096//",
        "http://nas:8096/a;b",
        "http://nas:8096/%2e%2e",
        "http://nas:22",
        "http://nas:6379x",
        "http://0x7f.1:8096",
        "http://nas:8096/\r\nX: y",
        "http://2130706433:8096",
        "http://nas:8096\\@evil",
    ],
)
def test_an_address_that_could_bend_the_fixed_paths_is_refused(url: str) -> None:
    if url == "http://nas:8096//":
        assert server_address(url)[0] == "http://nas:8096"
        return
    with pytest.raises(InvalidInput) as refused:
        server_address(url)
    assert "media_server.url" in refused.value.fields


def test_only_the_one_server_at_home_may_be_reached() -> None:
    rule = OneServerRule(frozenset(), "nas", 8096)
    assert rule.allows("nas", "192.168.1.5", 8096)
    assert rule.allows("nas", "fd00::5", 8096)
    assert rule.allows("nas", "93.184.216.34", 8096)
    refused = [
        ("nas", "192.168.1.5", 8097),
        ("router", "192.168.1.1", 8096),
        ("nas", "169.254.169.254", 8096),
        ("nas", "fe80::1", 8096),
        ("nas", "0.0.0.0", 8096),
        ("nas", "224.0.0.1", 8096),
        ("nas", "::ffff:127.0.0.1", 8096),
        ("nas", "64:ff9b::7f00:1", 8096),
        ("nas", "nonsense", 8096),
    ]
    assert not any(rule.allows(*one) for one in refused)
    assert OneServerRule(frozenset({"nas"}), "nas", 8096).allows("nas", "169.254.1.2", 8096)


def test_metadata_addresses_are_never_asked() -> None:
    trial = House("jellyfin", "http://169.254.169.254").service.test()
    assert "private address" in trial.message


@pytest.mark.parametrize("token", ['a"b', "a\r\nX-Evil: 1", "ü", "a b"])
def test_a_token_that_could_leave_its_header_is_refused(listener: Listener, token: str) -> None:
    trial = House("jellyfin", listener.url, token=token).service.test()
    assert not trial.ok
    assert token not in trial.message
    assert listener.heard == []


def test_without_a_media_server_nothing_is_asked(listener: Listener) -> None:
    house = House("none", listener.url)
    house.place(1)
    assert listener.heard == []
    with pytest.raises(InvalidInput):
        house.service.test()
