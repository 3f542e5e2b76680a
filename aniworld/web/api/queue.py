"""The download queue."""

from __future__ import annotations

from typing import Any

from flask import Response

from aniworld.services.queue.views import DownloadItem, DownloadRequest, QueueStatus
from aniworld.web.api import Blueprint
from aniworld.web.http.json_response import answer, nothing
from aniworld.web.http.services import services
from aniworld.web.schemas.from_dataclass import schema_of
from aniworld.web.schemas.requests import ItemChange, ItemList, NewDownloads, Pause, Retry, StatusQuery
from aniworld.web.schemas.responses import Added, Removed

blueprint = Blueprint("queue", __name__, url_prefix="/api/queue", description="The download queue.")

STATUS, ITEM = schema_of(QueueStatus), schema_of(DownloadItem)


@blueprint.get("/status")
@blueprint.arguments(StatusQuery, location="query")
@blueprint.response(200, STATUS)
def status(wish: dict[str, Any]) -> Response:
    """The queue as it is now"""
    return answer(services().downloads.status(wish["limit"]))


@blueprint.get("/items")
@blueprint.arguments(ItemList, location="query")
@blueprint.response(200, ITEM(many=True))
def items(wish: dict[str, Any]) -> Response:
    """Queue items, filtered; totals are in the X-Pagination header"""
    found, paging = services().downloads.items(**wish)
    return answer(found, paging=paging)


@blueprint.post("/add")
@blueprint.arguments(NewDownloads)
@blueprint.response(201, Added)
def add(wish: DownloadRequest) -> Response:
    """Queue episodes; all of them or, on a bad payload, none"""
    added, skipped = services().downloads.add(wish)
    return answer({"added": added, "skipped": skipped}, 201)


@blueprint.delete("/<item:item_id>")
@blueprint.response(204)
def remove(item_id: str) -> Response:
    """Take an item out of the queue; a running one is stopped first"""
    services().downloads.remove(item_id)
    return nothing()


@blueprint.patch("/<item:item_id>")
@blueprint.arguments(ItemChange)
@blueprint.response(200, ITEM)
def change(wish: dict[str, Any], item_id: str) -> Response:
    """Change an item's priority, or its place"""
    return answer(services().downloads.change(item_id, **wish))


@blueprint.post("/start")
@blueprint.response(200, STATUS)
def start() -> Response:
    """Begin to download"""
    return answer(services().downloads.start())


@blueprint.post("/stop")
@blueprint.response(200, STATUS)
def stop() -> Response:
    """Put running items back, and begin nothing"""
    return answer(services().downloads.stop())


@blueprint.post("/pause")
@blueprint.arguments(Pause, required=False)
@blueprint.response(200, STATUS)
def pause(wish: dict[str, Any]) -> Response:
    """Halt transfers where they are, for a while or until resumed"""
    return answer(services().downloads.pause(wish["minutes"]))


@blueprint.post("/resume")
@blueprint.response(200, STATUS)
def resume() -> Response:
    """Go on from the byte where transfers halted"""
    return answer(services().downloads.resume())


@blueprint.post("/retry")
@blueprint.arguments(Retry, required=False)
@blueprint.response(200, STATUS)
def retry(wish: dict[str, Any]) -> Response:
    """Queue failed items again, all or these"""
    return answer(services().downloads.retry(wish["item_ids"]))


@blueprint.delete("/completed")
@blueprint.response(200, Removed)
def clear_completed() -> Response:
    """Forget what is completed"""
    return answer({"removed": services().downloads.clear("completed")})


@blueprint.delete("/failed")
@blueprint.response(200, Removed)
def clear_failed() -> Response:
    """Forget what has failed"""
    return answer({"removed": services().downloads.clear("failed")})
