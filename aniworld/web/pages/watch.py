"""Queue, scan and health: what is going on."""

from __future__ import annotations

from aniworld.web.pages.dressing import page
from aniworld.web.pages.tongue import gettext as _
from aniworld.web.wiring import services


def queue() -> str:
    """The queue as it is now; the page's module keeps it true from there on."""
    return page("queue.html", _("Queue"), active="queue", status=services().downloads.status())


def scan() -> str:
    """The running or last scan, and the folders that no series is known for."""
    known = services().scan
    return page("scan.html", _("Scan"), active="scan", status=known.status(), unmatched=known.unmatched())


def health() -> str:
    """Each check with what to do about it, and what this server is made of."""
    system = services().system
    return page("health.html", _("Health"), active="health", checks=system.checks(), facts=system.facts())


ROUTES = (("/queue", queue), ("/scan", scan), ("/system", health))
