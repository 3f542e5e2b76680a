"""Blocking work on a native thread, the answer back where it was asked for.

Under gevent a greenlet that hashes, walks a disk or parses a large page stops every other one. ``offload``
runs such work in gevent's native thread pool and lets the others go on; without gevent it simply calls.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

A = TypeVar("A")
P = ParamSpec("P")
T = TypeVar("T")


def under_gevent() -> bool:
    """Whether the standard library is patched, so that this code runs in greenlets."""
    monkey = sys.modules.get("gevent.monkey")
    return bool(monkey and monkey.is_module_patched("socket"))


class _Place(threading.local):
    native = False


_place = _Place()


def on_native_thread() -> bool:
    """Whether the caller is offloaded work: beside the greenlets, whose locks and events it must not touch."""
    return _place.native


def offload(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work(*args, **kwargs)`` returns, or raises what it raises.

    ``work`` must not touch greenlets, sockets of the server or database sessions of the caller.
    """
    if _place.native or not under_gevent():
        return work(*args, **kwargs)
    import gevent  # only where gevent already runs: the core works without it

    answer: T
    answer, error = gevent.get_hub().threadpool.apply(_on_native_thread, (work, args, kwargs))
    if error is not None:
        raise error
    return answer


def offload_whole(work: Callable[[], T]) -> T:
    """As ``offload``, but waited for to its end by a greenlet that is killed meanwhile; the kill rises after it.

    For work on something that the greenlet would go on to touch, such as a database connection.
    """
    if _place.native or not under_gevent():
        return work()
    import gevent  # only where gevent already runs

    result = gevent.get_hub().threadpool.spawn(_on_native_thread, work, (), {})
    killed: BaseException | None = None
    while not result.ready():
        try:
            result.wait()
        except BaseException as kill:  # told to whoever killed it, once the work is done
            killed = killed or kill
    answer: T
    answer, error = result.get()
    if killed is not None or error is not None:
        raise killed or error
    return answer


def offload_each(work: Callable[[A], T], items: Iterable[A], *, at_once: int = 4) -> Iterator[T]:
    """``work(item)`` for each item, in order, at most ``at_once`` of them beside each other on native threads."""
    if _place.native:
        yield from map(work, items)
        return
    begin, finish, close = _native_crew(at_once) if under_gevent() else _crew(at_once)
    running: deque[Any] = deque()
    try:
        for item in items:
            running.append(begin(work, item))
            if len(running) >= at_once:
                yield finish(running.popleft())
        while running:
            yield finish(running.popleft())
    finally:
        close()


def _crew(at_once: int) -> tuple[Callable[..., Any], Callable[[Any], Any], Callable[[], object]]:
    from concurrent.futures import ThreadPoolExecutor  # most processes need none

    pool = ThreadPoolExecutor(at_once)
    return pool.submit, lambda future: future.result(), lambda: pool.shutdown(cancel_futures=True)


def _native_crew(at_once: int) -> tuple[Callable[..., Any], Callable[[Any], Any], Callable[[], object]]:
    import gevent  # only where gevent already runs

    pool = gevent.get_hub().threadpool

    def finish(result: Any) -> Any:
        answer, error = result.get()
        if error is not None:
            raise error
        return answer

    return lambda work, item: pool.spawn(_on_native_thread, work, (item,), {}), finish, lambda: None


def pause(seconds: float) -> None:
    """Waits without keeping anybody else: a greenlet lets the others go on, a native thread sleeps by itself."""
    sleep = time.sleep
    if _place.native:  # the patched one would build an event loop for this thread
        from gevent.monkey import get_original

        sleep = get_original("time", "sleep")
    sleep(seconds)


def _on_native_thread(
    work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[T, None] | tuple[None, BaseException]:
    """The answer, or the error as a value: one that rises here is printed by gevent, though its caller expects it."""
    _place.native = True
    try:
        return work(*args, **kwargs), None
    except BaseException as error:
        return None, error
    finally:
        _place.native = False
