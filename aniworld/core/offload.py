"""Blocking work on a native thread, the answer back where it was asked for.

Under gevent a greenlet that hashes, walks a disk or parses a large page stops every other one. ``offload``
runs such work in gevent's native thread pool and lets the others go on; without gevent it simply calls.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def under_gevent() -> bool:
    """Whether the standard library is patched, so that this code runs in greenlets."""
    monkey = sys.modules.get("gevent.monkey")
    return bool(monkey and monkey.is_module_patched("socket"))


class _Place(threading.local):
    native = False


_place = _Place()


def offload(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work(*args, **kwargs)`` returns, or raises what it raises.

    ``work`` must not touch greenlets, sockets of the server or database sessions of the caller.
    """
    if _place.native or not under_gevent():
        return work(*args, **kwargs)
    import gevent  # only where gevent already runs: the core works without it

    answer, error = gevent.get_hub().threadpool.apply(_on_native_thread, (work, args, kwargs))
    if error is not None:
        raise error
    return answer


def _on_native_thread(work: Callable[..., T], args: tuple, kwargs: dict) -> tuple[T, None] | tuple[None, BaseException]:
    """The answer, or the error as a value: one that rises here is printed by gevent, though its caller expects it."""
    _place.native = True
    try:
        return work(*args, **kwargs), None
    except BaseException as error:
        return None, error
    finally:
        _place.native = False
