"""Pages are parsed on a native thread, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from aniworld.core.offload import offload

T = TypeVar("T")

# bs4's selector library takes a lock of its own. Patched by gevent, that lock hangs for good when two native threads
# meet at it; taking turns here, where greenlets wait, keeps them apart. Parsing holds the interpreter anyway.
_turn = threading.Lock()


def parsed(parse: Callable[[str, str], T], text: str, url: str) -> T:
    """What ``parse(text, url)`` returns, or raises what it raises."""
    with _turn:
        return offload(parse, text, url)
