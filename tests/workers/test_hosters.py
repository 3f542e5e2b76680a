"""Hosters get so many downloads at a time, rest after failures, and one that rests holds up nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from aniworld.core.errors import AddressRefused, AniworldError, LinkDead, SiteUnreachable, TransferFailed
from aniworld.core.media import HosterLink
from aniworld.providers.cooldown import RestingSources
from aniworld.workers.hosters import PREFIX, Hosters, HostersClosed
from aniworld.workers.links import Links


def _link(hoster: str, language: str = "ger-dub") -> HosterLink:
    return HosterLink(url=f"http://site.example/{hoster}/{language}", hoster=hoster, language=language, referer="")


@pytest.fixture
def rest() -> RestingSources:
    return RestingSources()


@pytest.fixture
def hosters(rest: RestingSources) -> Hosters:
    return Hosters(rest)


def _choose(
    hosters: Hosters,
    links: list[HosterLink],
    answers: dict[str, object],
    most: int = 0,
    tries_left: bool = True,
    item: str = "item",
):
    """What ``first_that_works`` gives when a hoster's file comes, or its error is raised."""

    def fetch(link: HosterLink) -> str:
        with hosters.judged(link.hoster, item):
            answer = answers.get(link.hoster, "file")
            if isinstance(answer, AniworldError):
                raise answer
            return str(answer)

    given_up: list[HosterLink] = []
    choice = Links("item", hosters, most, tries_left=tries_left, give_up=given_up.append)
    return choice.first_that_works(links, fetch)


def test_so_many_at_a_time_and_no_more(hosters: Hosters) -> None:
    with hosters.seat("Vulkan", 2) as first, hosters.seat("Vulkan", 2) as second, hosters.seat("Vulkan", 2) as third:
        assert (first, second, third) == (True, True, False)
        with hosters.seat("Vidpol", 2) as other, hosters.seat("Vulkan", 0) as any_number:
            assert other and any_number
        assert hosters.used() == {"Vulkan": 2}
    assert hosters.used() == {}


def test_a_full_hoster_is_passed_over_and_waited_for_when_there_is_no_other(hosters: Hosters) -> None:
    links = [_link("Vulkan"), _link("Vidpol"), _link("Vulkan", "eng-sub")]
    with hosters.seat("Vulkan", 1):
        assert _choose(hosters, links, {}, most=1)[0].hoster == "Vidpol"
        with pytest.raises(HostersClosed) as closed:
            _choose(hosters, [links[0], _link("Frei", "eng-sub")], {}, most=1)
        assert (closed.value.wait_s, closed.value.error) == (None, None)
        hosters.turn_away("item", closed.value.full)
        assert hosters.turned_away(1) == ["item"]
        assert hosters.turned_away(2) == []
    assert hosters.turned_away(1) == []


def test_a_hoster_that_fails_twice_in_a_row_rests_and_the_next_is_asked(hosters: Hosters, rest: RestingSources) -> None:
    down = {"Vulkan": SiteUnreachable("Vulkan does not answer.")}
    for item in ("one", "one", "two"):
        assert rest.rest_of(PREFIX + "Vulkan") is None, "one episode may be at fault itself"
        with pytest.raises(SiteUnreachable):
            _choose(hosters, [_link("Vulkan")], down, item=item)
    found = rest.rest_of(PREFIX + "Vulkan")
    assert found is not None and 50 < found.seconds <= 60
    assert _choose(hosters, [_link("Vulkan"), _link("Vidpol")], down)[0].hoster == "Vidpol"
    with pytest.raises(HostersClosed) as closed:
        _choose(hosters, [_link("Vulkan"), _link("Vidpol", "eng-sub")], {})
    assert closed.value.wait_s == pytest.approx(60, abs=2)
    assert "Vulkan rests" in str(closed.value.error)


def test_what_is_wrong_with_one_file_is_not_held_against_its_hoster(hosters: Hosters, rest: RestingSources) -> None:
    for error in (LinkDead("gone."), AddressRefused("private."), LinkDead("gone.")):
        with pytest.raises(type(error)):
            _choose(hosters, [_link("Vulkan")], {"Vulkan": error})
    assert rest.resting() == []


def test_a_link_into_the_house_does_not_keep_the_next_link_from_being_tried(hosters: Hosters) -> None:
    links = [_link("Vulkan"), _link("Vidpol")]
    assert _choose(hosters, links, {"Vulkan": AddressRefused("private.")})[0].hoster == "Vidpol"


def test_a_success_in_between_makes_a_failure_the_first_again(hosters: Hosters, rest: RestingSources) -> None:
    failing = {"Vulkan": TransferFailed("The connection broke.")}
    for answers in (failing, {}, failing):
        try:
            _choose(hosters, [_link("Vulkan")], answers)
        except TransferFailed:
            continue
    assert rest.resting() == []


def test_connections_to_one_hoster_are_shared_by_its_downloads(hosters: Hosters) -> None:
    with hosters.seat("Vulkan", 0), hosters.seat("Vulkan", 0), hosters.seat("Vidpol", 0):
        assert hosters.connections("Vulkan", each=8, most=12) == 6
        assert hosters.connections("Vidpol", each=8, most=12) == 8
        assert hosters.connections("Vulkan", each=8, most=1) == 1
        assert hosters.connections("Vulkan", each=8, most=0) == 8
        assert hosters.connections(None, each=8, most=1) == 8


def test_rests_grow_and_are_known_after_a_restart(tmp_path: Path) -> None:
    now, file = [1000.0], tmp_path / "rests.json"

    def resting(day: float = 0.0) -> RestingSources:
        return RestingSources(lambda: now[0], file=file, today=lambda: 1_800_000_000 + now[0] + day)

    before = resting()
    for expected in (60, 300, 900, 3600, 3600):
        before.failed("hoster Vulkan", SiteUnreachable("It is down."), "one")
        before.failed("hoster Vulkan", SiteUnreachable("It is down."), "two")
        assert before.rest_of("hoster Vulkan").seconds == pytest.approx(expected)  # type: ignore[union-attr]
        now[0] += expected + 1
    before.failed("hoster Vulkan", SiteUnreachable("It is down."), "three")
    now[0] += 600
    after = resting().rest_of("hoster Vulkan")
    assert after is not None
    assert after.seconds == pytest.approx(3000)
    assert after.why == "It is down."
    assert resting(day=3600).resting() == []
    ahead = resting(day=-90 * 86_400.0).rest_of("hoster Vulkan")
    assert ahead is not None and ahead.seconds <= 86_400, "a clock that was set back does not make it rest for months"
    before.worked("hoster Vulkan")
    assert resting().resting() == []


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"a": 1}', '{"a": ["x", 1, ""]}', '"' + "x" * 100_000 + '"'])
def test_a_damaged_file_of_rests_is_no_rest(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "rests.json"
    file.write_text(damage)
    sources = RestingSources(file=file)
    assert sources.resting() == []
    sources.failed("hoster Vulkan", SiteUnreachable("down."), "one")
    sources.failed("hoster Vulkan", SiteUnreachable("down."), "two")
    assert RestingSources(file=file).rest_of("hoster Vulkan") is not None


def test_a_person_may_end_a_rest(rest: RestingSources, hosters: Hosters) -> None:
    for item in ("one", "two"):
        rest.failed(PREFIX + "Vulkan", SiteUnreachable("down."), item)
    rest.wake(PREFIX + "Vulkan")
    assert hosters.rest_of("Vulkan") is None
