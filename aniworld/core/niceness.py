"""How a child process lets the server, which answers people, go first."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from aniworld.core.offload import pause

_AUTOGROUP = "/proc/self/autogroup"
_TRIES = 10
_AGAIN_S = 0.12  # the kernel takes one change in a tenth of a second from all unprivileged processes together


def step_aside(niceness: int) -> None:
    """This process, and what it starts from now on, has the processor when nobody else wants it.

    ``niceness``: 0 (nothing changes) to 19.
    Linux may weigh whole sessions against each other (sched(7), "The autogroup feature"): there the niceness of a
    process in a session of its own counts for nothing, and that of the session does. So both are set. Call it on the
    main thread. Does nothing where the platform has no niceness, or a sandbox forbids it.
    """
    if not niceness:
        return
    with suppress(OSError, AttributeError):
        os.nice(niceness)
    if hasattr(os, "getsid") and os.getsid(0) == os.getpid() and not _group_aside(niceness):  # never others' session
        threading.Thread(target=_group_aside_soon, args=(niceness,), name="niceness", daemon=True).start()


def _group_aside(niceness: int) -> bool:
    """False if it has to be tried again."""
    try:
        with open(_AUTOGROUP, "w") as group:
            group.write(str(niceness))
    except BlockingIOError:
        return False
    except OSError:  # no such thing here, or a sandbox forbids it
        return True
    return True


def _group_aside_soon(niceness: int) -> None:
    for _ in range(_TRIES):
        pause(_AGAIN_S)
        if _group_aside(niceness):
            return
