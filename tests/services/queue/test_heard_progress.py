"""Progress of other processes counts while it is news; ended sessions are told to those it concerns."""

from __future__ import annotations

from collections.abc import Sequence

from aniworld.core.events import DownloadComplete, DownloadProgress, QueueStatusChanged
from aniworld.services.access.revocations import Endings
from aniworld.services.queue.progress import MOST, NEWS_FOR_S, HeardProgress
from tests.clock import Clock


def progress(item: str, percent: float = 40.0) -> DownloadProgress:
    return DownloadProgress(item, "key", "Folder", 1, 1, percent, 40, 100, 1.0, 125_000, 9)


def test_the_newest_counts_until_it_is_no_news_any_more() -> None:
    clock = Clock()
    heard = HeardProgress(clock)
    assert heard.of("a") is None
    heard.hear(progress("a", 40.0))
    heard.hear(progress("a", 50.0))
    heard.hear(QueueStatusChanged({}))
    assert heard.of("a") == progress("a", 50.0)
    assert heard.of("b") is None
    clock.at += NEWS_FOR_S
    assert heard.of("a") is None, "the database knows more by now"


def test_what_ended_is_forgotten_and_the_memory_has_a_limit() -> None:
    heard = HeardProgress(Clock())
    heard.hear(progress("a"))
    heard.hear(DownloadComplete("a", "key", "Folder", 1, 1, "file", 100, None, 1.0))
    assert heard.of("a") is None
    for number in range(3 * MOST):
        heard.hear(progress(str(number)))
    assert len(heard._heard) <= MOST


def test_ended_sessions_are_told_here_and_only_ones_own_to_others() -> None:
    endings, here, told = Endings(), [], []

    def broken(one: str) -> None:
        raise ValueError(one)

    def tell(ids: Sequence[str]) -> None:
        told.append(list(ids))

    endings.listen(broken)
    off = endings.listen(here.append)
    endings.listen_near(tell)
    endings.tell(["a", "b"])
    endings.tell(["c"], afar=True)
    endings.tell([])
    off()
    endings.tell(["d"])
    assert here == ["a", "b", "c"], "a deaf listener does not silence the rest"
    assert told == [["a", "b"], ["d"]]
