"""What the audit log learns at the web edge: who asks, which settings changed (by name), what was deleted."""

from __future__ import annotations

from flask import Flask, Response, g, has_request_context, request

from aniworld.services.access.audit_log import Origin, changed, hint
from aniworld.web.http.services import services
from aniworld.web.security import authentication as guards

# endpoint → kind; the detail is what stands in the address
DELETIONS = {
    "config.delete_backup": "backup_deleted",
    "backups.delete": "backup_deleted",
    "anime.remove": "series_removed",
    "queue.remove": "download_removed",
    "queue.clear_completed": "history_cleared",
    "queue.clear_failed": "history_cleared",
    "recycle.remove": "recycle_removed",
    "recycle.empty": "recycle_emptied",
}
SETTINGS = {
    "config.change": "settings_changed",
    "config.restore": "settings_restored",
    "pages.setup_library": "settings_changed",
}


def install(app: Flask) -> None:
    services_of_app = app.extensions["aniworld"]
    services_of_app.audit.origin = origin
    app.before_request(_remember)
    app.after_request(_record)


def origin() -> Origin:
    """Who asks at this moment; nobody where no request is answered."""
    if not has_request_context():
        return Origin()
    who = guards.known_identity()
    return Origin(request.remote_addr or "", hint(who.id) if who else "")


def _remember() -> None:
    if request.endpoint in SETTINGS and request.method not in guards.SAFE:
        g.settings_before = services().config.current


def _record(response: Response) -> Response:
    if response.status_code >= 400 or request.method in guards.SAFE:
        return response
    endpoint = request.endpoint or ""
    if endpoint in DELETIONS:
        names = [str(value) for value in (request.view_args or {}).values()]
        services().audit.record(DELETIONS[endpoint], " ".join(names) or endpoint.rpartition("_")[2])
    elif endpoint in SETTINGS and "settings_before" in g:
        names = changed(g.settings_before, services().config.current)
        if names:
            services().audit.record(SETTINGS[endpoint], ", ".join(names))
    return response
