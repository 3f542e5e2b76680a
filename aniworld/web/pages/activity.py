"""Queue, scan and health: what is going on."""

from __future__ import annotations

from typing import Any

from flask import request

from aniworld.config.settings import LOG_LEVELS
from aniworld.core.errors import Unavailable
from aniworld.web.http.services import services
from aniworld.web.i18n.language import gettext as _
from aniworld.web.pages.templating import fragment, is_partial, page

LOG_LINES = 200
MAX_QUERY = 200


def queue() -> str:
    """The queue as it is now; the page's module keeps it true from there on."""
    return page("queue.html", _("Queue"), active="queue", status=services().downloads.status())


def scan() -> str:
    """The running or last scan, the folders that no series is known for, and what was said of them."""
    folders = services().folders
    return page(
        "scan.html",
        _("Scan"),
        active="scan",
        status=services().scan.status(),
        unmatched=folders.offered(),
        choices=folders.made(),
    )


def health() -> str:
    """Each check with what to do about it, what this server is made of, and its log; for HTMX the log alone."""
    shown = _log()
    if is_partial():
        return fragment("partials/log.html", **shown)
    system = services().system
    return page("health.html", _("System"), active="health", checks=system.checks(), facts=system.facts(), **shown)


def _log() -> dict[str, Any]:
    level, q = request.args.get("level", ""), request.args.get("q", "")[:MAX_QUERY].strip()
    level = level if level in LOG_LEVELS else "INFO"
    shown: dict[str, Any] = {"level": level, "q": q, "lines": [], "trouble": None}
    try:
        shown["lines"] = services().system.log(level, q, LOG_LINES)
    except Unavailable as error:
        shown["trouble"] = str(error)
    return {**shown, "full": len(shown["lines"]) == LOG_LINES}


ROUTES = (("/queue", queue), ("/scan", scan), ("/system", health))
