"""What happens by itself, set off or tried by hand; and the calendar."""

from __future__ import annotations

from typing import Any

from flask import Response

from aniworld.core.errors import Unavailable
from aniworld.services.background import EXTRA, Automation
from aniworld.services.calendar.views import CalendarEntry
from aniworld.services.notifications.views import Trial
from aniworld.services.tracking.status import TrackingStatus
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import NotificationTest

blueprint = Blueprint("automation", __name__, url_prefix="/api", description="What happens by itself.")


def automation() -> Automation:
    found: Automation | None = services().extras.get(EXTRA)
    if found is None:
        raise Unavailable("Tracking and notifications are not part of this process; ask the server itself.")
    return found


@blueprint.post("/notifications/test")
@blueprint.arguments(NotificationTest, required=False)
@blueprint.response(200, schema_of(Trial)(many=True))
def test_notifications(wish: dict[str, Any]) -> Response:
    """Send a test message to these addresses, or to the configured ones"""
    return answer(automation().notifications.test(wish["urls"]))


@blueprint.post("/media-server/test")
@blueprint.response(200, schema_of(Trial))
def test_media_server() -> Response:
    """Ask whether the configured media server answers and takes the token"""
    return answer(automation().media_servers.test())


@blueprint.post("/tracking/look")
@blueprint.response(202, schema_of(TrackingStatus))
def look() -> Response:
    """Look for new episodes of monitored series now, in the background; 409 while a look runs"""
    return answer(automation().tracking.begin(), 202)


@blueprint.get("/tracking")
@blueprint.response(200, schema_of(TrackingStatus))
def tracking_status() -> Response:
    """The look for new episodes that runs, or the last one"""
    return answer(automation().tracking.status())


@blueprint.get("/anime/calendar")
@blueprint.response(200, schema_of(CalendarEntry)(many=True))
def calendar() -> Response:
    """What the catalogues announce for the series of the library, soonest first"""
    return answer(automation().calendar.upcoming())
