"""The calendar for calendar programs: read with a password of its own, by HTTP Basic (docs/decisions/0111)."""

from __future__ import annotations

from flask import Response, request, url_for

from aniworld.core.errors import Unavailable
from aniworld.services.background import EXTRA, Automation
from aniworld.services.calendar.feed import CalendarFeedService
from aniworld.services.calendar.feed_entry import Occasion
from aniworld.services.calendar.views import CalendarAccess
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer, nothing
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of

blueprint = Blueprint("calendar_feed", __name__, url_prefix="/api", description="The calendar for calendar programs.")


def feeds() -> CalendarFeedService:
    found: Automation | None = services().extras.get(EXTRA)
    if found is None:
        raise Unavailable("The calendar is not part of this process; ask the server itself.")
    return found.feed


@blueprint.get("/calendar.ics")
@blueprint.response(200, {"type": "string"}, content_type="text/calendar")
def read() -> Response:
    """The calendar as iCalendar; besides the usual ways also by HTTP Basic, user “calendar”"""
    response = Response(feeds().feed(_address), content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = "inline; filename=aniworld.ics"
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/calendar/access")
@blueprint.response(200, schema_of(CalendarAccess))
def access() -> Response:
    """Whether calendar programs may read the calendar, and when one last did"""
    return answer(feeds().access())


@blueprint.post("/calendar/access")
@blueprint.response(201, schema_of(CalendarAccess))
def allow() -> Response:
    """Make the password for calendar programs; it is shown in this answer only, and the one before is good no more"""
    return answer(feeds().allow(), 201)


@blueprint.delete("/calendar/access")
@blueprint.response(204)
def forbid() -> Response:
    """Revoke the password for calendar programs"""
    feeds().forbid()
    return nothing()


def _address(occasion: Occasion) -> str:
    return url_for("pages.series", key=occasion.key, season=occasion.season, _external=True)
