"""People elsewhere are told: once for a burst, nowhere they should not be, and never with a secret in a log."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aniworld.config.settings import NOTIFICATION_SCHEMES, NotificationSettings, Settings
from aniworld.core.errors import AlreadyRunning, InvalidInput
from aniworld.core.events import (
    CatalogueResting,
    DownloadComplete,
    DownloadFailed,
    Event,
    EventBus,
    NewEpisodes,
    ScanComplete,
    ScanFailed,
    SeriesAdded,
)
from aniworld.services.notifications.batcher import Batches
from aniworld.services.notifications.child import may_be_used
from aniworld.services.notifications.message import LINES, announcement
from aniworld.services.notifications.service import NotificationService
from tests.deploy.nginx import make_certificate
from tests.running import until
from tests.services.listener import Answer, Listener

SECRET = "canary-7f3a9c"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as made:
        yield made


class House:
    """A service on a bus, with the settings of the moment."""

    def __init__(self, *private_hosts: str, timeout_s: float = 15.0, pauses_s: tuple[float, ...] = ()) -> None:
        self.bus = EventBus()
        self.settings = Settings()
        self.service = NotificationService(
            self.bus,
            lambda: self.settings,
            private_hosts=private_hosts,
            settle_s=0.3,
            timeout_s=timeout_s,
            pauses_s=pauses_s,
        )
        self.service.start()

    def tell(self, *urls: str, events: tuple[str, ...] = ("download_complete", "download_failed")) -> None:
        self.settings = replace(Settings(), notifications=NotificationSettings(urls, events))


def came(episode: int, folder: str = "Steinwacht (2021)", language: str | None = "ger-dub") -> DownloadComplete:
    return DownloadComplete("id", "steinwacht", folder, 1, episode, "f.mp4", 7, language, 1.0)


def failed(*, will_retry: bool, error: str = "No hoster worked.") -> DownloadFailed:
    return DownloadFailed("id", "steinwacht", "Steinwacht (2021)", 1, 9, error, "link_dead", 3, will_retry)


def test_a_burst_of_completions_becomes_one_message(listener: Listener) -> None:
    house = House(listener.host)
    house.tell(f"json://{listener.host}/hook")
    for number in (1, 3, 2):
        house.bus.publish(came(number))
    (heard,) = listener.wait_for(1)
    house.service.stop()
    assert len(listener.heard) == 1
    assert heard.path == "/hook"
    assert heard.json["title"] == "3 episodes are there"
    assert heard.json["message"] == "Steinwacht (2021): S01E01, S01E02, S01E03 (ger-dub)"


def test_only_wanted_events_are_told_and_no_attempt_that_is_tried_again(listener: Listener) -> None:
    house = House(listener.host)
    house.tell(f"json://{listener.host}/", events=("download_failed",))
    house.bus.publish(came(1))
    house.bus.publish(failed(will_retry=True))
    house.bus.publish(failed(will_retry=False))
    house.service.stop()  # what waits goes out before it ends
    (heard,) = listener.wait_for(1)
    assert heard.json["message"] == "Steinwacht (2021) S01E09: No hoster worked."


def test_nothing_is_started_without_an_address(listener: Listener) -> None:
    house = House(listener.host)
    house.bus.publish(came(1))
    house.service.stop()
    house.service.stop()
    assert listener.heard == []


def test_the_owner_tries_all_addresses_at_once_and_hears_of_each(listener: Listener) -> None:
    listener.answers["/bad"] = Answer(401, SECRET.encode())
    house = House(listener.host)
    trials = house.service.test(
        [
            f"json://{listener.host}/good",
            f"xml://{listener.host}/good",
            f"json://user:{SECRET}@{listener.host}/bad",
            f"syslog://{SECRET}",
            f"tgram://{SECRET}",
        ]
    )
    assert [trial.ok for trial in trials] == [True, True, False, False, False]
    assert "begin with" in trials[3].message
    assert "complete" in trials[4].message
    assert all(SECRET not in f"{trial}" for trial in trials)
    assert trials[0].target == "json://********"
    assert {heard.path for heard in listener.heard} == {"/good", "/bad"}


def test_private_addresses_are_refused_unless_the_owner_named_them(listener: Listener) -> None:
    hosts = (listener.host, f"localhost:{listener.port}", f"2130706433:{listener.port}", f"0x7f.1:{listener.port}")
    mail = f"mailto://u:p@example.org:{listener.port}?smtp=127.0.0.1&to=a@example.org"
    urls = [f"json://{host}/" for host in (*hosts, "[::1]:9", "169.254.169.254")]
    trials = House().service.test([*urls, mail])
    assert not any(trial.ok for trial in trials)
    assert listener.heard == []
    assert all("ANIWORLD_PRIVATE_HOSTS" in trials[place].message for place in (0, 1, 4, 5, 6))


def test_a_host_that_is_named_opens_no_other_port(listener: Listener) -> None:
    other, dead = House("127.0.0.1:1").service.test([f"json://{listener.host}/", "json://127.0.0.1:1/"])
    assert listener.heard == []
    assert "private" in other.message
    assert "could not be reached" in dead.message


def test_a_redirect_does_not_lead_into_the_private_network(listener: Listener) -> None:
    with Listener() as inner:
        listener.otherwise = Answer(307, b"", {"Location": f"{inner.url}/secret"})
        house = House(listener.host)
        asked = [f"json://{listener.host}/?redirect=yes", f"json://{listener.host}/"]
        assert [trial.ok for trial in house.service.test(asked)] == [False, False]
        assert len(listener.heard) == 2
        assert inner.heard == []


@pytest.mark.parametrize("wish", ["verify=yes", "verify=no", "verify=false&redirect=yes", "VERIFY=no"])
def test_no_address_turns_the_look_at_certificates_off(listener: Listener, tmp_path: Path, wish: str) -> None:
    make_certificate(tmp_path / "certificate.pem", tmp_path / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    listener._server.socket = context.wrap_socket(listener._server.socket, server_side=True)
    (trial,) = House(listener.host).service.test([f"jsons://{listener.host}/?{wish}"])
    assert not trial.ok and "could not be reached" in trial.message
    assert listener.heard == []


def test_several_addresses_in_one_text_are_not_taken_apart(listener: Listener) -> None:
    House(listener.host).service.test([f"json://{listener.host}/a, syslog://x, json://{listener.host}/b"])
    assert not {heard.path for heard in listener.heard} >= {"/a", "/b"}


def test_a_service_that_never_answers_is_given_up_and_the_others_are_not_held_back(listener: Listener) -> None:
    with Listener() as dead:
        dead.silent.set()
        house = House(listener.host, dead.host, timeout_s=2)
        late, good = house.service.test([f"json://{dead.host}/", f"json://{listener.host}/"])
        assert (late.ok, good.ok) == (False, True)
        assert "in time" in late.message


def test_no_secret_stands_in_a_log(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    listener.otherwise = Answer(500, SECRET.encode())
    house = House(listener.host)
    house.tell(f"json://user:{SECRET}@{listener.host}/{SECRET}?+X-Token={SECRET}", f"gotify://{listener.host}/{SECRET}")
    house.bus.publish(came(1))
    house.service.stop(within_s=20)
    listener.wait_for(2)
    assert "was not sent" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "urls",
    [[], ["json://x"] * 21, ["json://" + "x" * 2000], ["********"], [7]],
    ids=["none", "many", "huge", "mask", "number"],
)
def test_what_is_no_list_of_addresses_is_refused(urls: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        House().service.test(urls)
    assert refused.value.fields


def test_one_test_at_a_time(listener: Listener) -> None:
    house = House(listener.host)
    house.service._testing.acquire()
    with pytest.raises(AlreadyRunning):
        house.service.test([f"json://{listener.host}/"])


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://x", "windows://", "json", "json://", "x://y", "json://a\nb", "syslog://"]
)
def test_kinds_that_are_not_on_the_list(url: str) -> None:
    assert not may_be_used(url)


def test_every_kind_on_the_list_is_one_that_apprise_has() -> None:
    from apprise import Apprise

    known = {
        name
        for one in Apprise().details()["schemas"]
        for key in ("protocols", "secure_protocols")
        for name in one[key] or ()
    }
    assert set(NOTIFICATION_SCHEMES) <= known


EVENTS: list[tuple[Event, str, str]] = [
    (failed(will_retry=False), "A download failed", "Steinwacht (2021) S01E09: No hoster worked."),
    (
        ScanComplete("s", "done", 1, 1, 100.0, 3, 40, 5, 1.0, ["w"]),
        "The scan is done",
        "3 series, 40 episodes, 5 missing, 1 warning.",
    ),
    (ScanFailed("s", "The disk is gone.", "x"), "The scan failed", "The disk is gone."),
    (SeriesAdded("k", "Ärger im Wald"), "New in the library", "Ärger im Wald"),
    (NewEpisodes("k", "F", [{"season": 1, "episode": 2}], 1), "New episodes", "F: S01E02, 1 queued"),
    (
        CatalogueResting("aniworld.to", 60, "It asks for a browser check."),
        "A catalogue rests",
        "aniworld.to: It asks for a browser check.",
    ),
]


@pytest.mark.parametrize(("event", "title", "body"), EVENTS, ids=lambda value: getattr(value, "name", ""))
def test_each_event_has_its_words(event: Event, title: str, body: str) -> None:
    message = announcement([event])
    assert (message.title, message.body) == (title, body)


def test_titles_from_outside_stay_one_plain_line_and_call_nobody() -> None:
    message = announcement([came(1, "@everyone\r\n\x1b[31mred\u202e" + "x" * 5000)])
    assert "\n" not in message.body
    assert "\x1b" not in message.body
    assert "\u202e" not in message.body
    assert "@everyone" not in message.body
    assert len(message.body) < 400


def test_a_long_list_is_cut_and_says_so() -> None:
    body = announcement([came(1, f"Series {number}") for number in range(LINES + 5)]).body
    assert len(body.splitlines()) == LINES + 1
    assert body.endswith("… and 5 more.")


def test_what_cannot_be_handed_on_is_bounded() -> None:
    delivered: list[int] = []
    batches: Batches[int] = Batches(delivered.extend, name="Test", settle_s=60, limit=10)
    for number in range(100):
        batches.put(number)
    batches.stop()
    batches.put(1)
    assert delivered == list(range(90, 100))


def test_a_delivery_that_stumbles_does_not_end_the_next(caplog: pytest.LogCaptureFixture) -> None:
    delivered: list[int] = []

    def deliver(batch: list[int]) -> None:
        if batch[0] == 1:
            raise RuntimeError("boom")
        delivered.extend(batch)

    batches: Batches[int] = Batches(deliver, name="Test", settle_s=0.01)
    batches.put(1)
    while not caplog.records:
        time.sleep(0.01)
    batches.put(2)
    batches.stop()
    assert delivered == [2]


def test_what_a_service_did_not_take_is_sent_again_to_that_one_alone(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(listener.host, pauses_s=(0.2, 0.2))
    listener.answers["/bad"] = Answer(503)
    house.tell(f"json://{listener.host}/good", f"json://{SECRET}@{listener.host}/bad")
    with caplog.at_level(logging.WARNING):
        house.bus.publish(came(1))
        listener.wait_for(2)
        listener.answers.clear()
        listener.wait_for(3)
        until(lambda: house.service.trouble is None)
    house.service.stop()
    assert sorted(heard.path for heard in listener.heard) == ["/bad", "/bad", "/good"]
    assert "tried again" in caplog.text
    assert SECRET not in caplog.text


def test_it_is_given_up_at_last_and_said(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    house = House(listener.host, pauses_s=(0.1,))
    listener.otherwise = Answer(500)
    house.tell(f"json://{listener.host}/")
    with caplog.at_level(logging.WARNING):
        house.bus.publish(came(1))
        until(lambda: "given up" in caplog.text)
    house.service.stop()
    assert len(listener.heard) == 2
    assert house.service.trouble is not None
    assert house.service.trouble.target == "json://********"


def test_an_address_that_was_taken_off_meanwhile_gets_nothing_more(listener: Listener) -> None:
    house = House(listener.host, pauses_s=(0.5,))
    listener.otherwise = Answer(500)
    house.tell(f"json://{listener.host}/")
    house.bus.publish(came(1))
    listener.wait_for(1)
    house.tell()
    until(lambda: len(house.service._again) == 0 and house.service._again._thread is None)
    house.service.stop()
    assert len(listener.heard) == 1
