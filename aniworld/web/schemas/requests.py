"""What requests may carry."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from aniworld.config.fields import Amount, Count, Line, StrictSchema, Text, Truth, Whole
from aniworld.config.settings import LOG_LEVELS
from aniworld.core.errors import InvalidInput
from aniworld.core.media import ABSOLUTE_EPISODES, LANGUAGE_FORM, SEASONS, EpisodeNumber
from aniworld.core.queue import DownloadPriority, DownloadStatus
from aniworld.core.specials import MOST as SPECIALS_AT_ONCE
from aniworld.services.access.audit_log import KINDS
from aniworld.services.access.passwords import LONGEST, SHORTEST
from aniworld.services.notifications.service import URL_LENGTH, URLS_AT_ONCE
from aniworld.services.queue.views import DownloadRequest
from aniworld.services.series.custom_numbering import MOST as ENTRIES_AT_ONCE
from aniworld.services.series.views import SeriesQuery

EPISODES_AT_ONCE, ITEMS_AT_ONCE, KEYS_AT_ONCE = 2000, 5000, 5000
SORTS = ("name", "added", "updated", "missing")
KEY = validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", error="Is no series key.")
_KEY_RULES = [validate.Length(max=255), KEY]
_NOT_BLANK = validate.Regexp(r"\s*\S", error="Must not be empty.")


class NewPassword(StrictSchema):
    password = Text(required=True, validate=validate.Length(SHORTEST, LONGEST))
    setup_token = Text(validate=validate.Length(max=200), allow_none=True)


class Login(StrictSchema):
    password = Text(required=True, validate=validate.Length(1, LONGEST))
    remember = Truth(load_default=False)
    code = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=40),
        metadata={"description": "Of the authenticator, or a recovery code; where the second factor is on."},
    )


class PasswordProof(StrictSchema):
    password = Text(required=True, validate=validate.Length(1, LONGEST))


class SecondFactorProof(PasswordProof):
    code = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=40),
        metadata={"description": "Of the authenticator, or a recovery code; needed once the second factor is on."},
    )


class TotpCode(StrictSchema):
    code = Text(required=True, validate=validate.Length(1, 40))


class PasswordChange(StrictSchema):
    current = Text(required=True, validate=validate.Length(1, LONGEST))
    new = Text(required=True, validate=validate.Length(SHORTEST, LONGEST))


class NewKey(StrictSchema):
    name = Line(required=True, validate=[validate.Length(1, 100), _NOT_BLANK])
    scope = Text(required=True, validate=validate.OneOf(("read", "full")))


def language_list() -> fields.List[Any]:
    form = validate.Regexp(rf"^{LANGUAGE_FORM.pattern}\Z", error="A language is written like ger-dub, ger-sub or jpn.")
    return fields.List(Text(validate=form), validate=validate.Length(max=20))


class PageQuery(StrictSchema):
    page = Count(load_default=1, validate=validate.Range(1, 100_000))
    page_size = Count(load_default=50, validate=validate.Range(1, 500))


class AuditQuery(PageQuery):
    kind = Text(load_default=None, validate=validate.OneOf(KINDS))


class SeriesList(PageQuery):
    page_size = Count(load_default=100, validate=validate.Range(1, 500))
    q = Text(load_default="", validate=validate.Length(max=200))
    missing = fields.Boolean(load_default=False, metadata={"description": "Only series that miss episodes."})
    monitored = fields.Boolean(load_default=None)
    language = Text(load_default=None, validate=validate.Length(max=20))
    genre = Text(load_default=None, validate=validate.Length(max=100))
    running = fields.Boolean(load_default=False)
    sort_by = Text(load_default="name", validate=validate.OneOf(SORTS))
    order = Text(load_default="asc", validate=validate.OneOf(("asc", "desc")))

    @post_load
    def as_query(self, data: dict[str, Any], **_: Any) -> SeriesQuery:
        return SeriesQuery(**data)


class Search(StrictSchema):
    query = Text(required=True, validate=[validate.Length(1, 200), _NOT_BLANK])
    source = Text(load_default=None, allow_none=True, validate=validate.Length(max=255))


class NewSeries(StrictSchema):
    link = Text(required=True, validate=validate.Length(1, 2000))
    name = Line(load_default=None, allow_none=True, validate=validate.Length(max=500))
    folder = Text(load_default=None, allow_none=True, validate=validate.Length(max=255))
    source = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=255),
        metadata={"description": "The catalogue that it must be of; playlists takes any address."},
    )


class Rescan(StrictSchema):
    keys = fields.List(
        Text(validate=_KEY_RULES), load_default=None, allow_none=True, validate=validate.Length(max=KEYS_AT_ONCE)
    )


class SeriesChange(StrictSchema):
    monitored = Truth()
    auto_download = Truth(metadata={"description": "Queue new episodes by itself."})
    upgrade = Truth(metadata={"description": "Replace an episode once it is out in a better language."})
    languages = language_list()
    specials = fields.Dict(
        keys=Text(validate=validate.Regexp(r"^[0-9]{1,5}\Z")),
        values=Whole(validate=validate.Range(1, 1000)),
        validate=validate.Length(max=SPECIALS_AT_ONCE),
        metadata={"description": "Specials and films by the catalogue's number → their number in Season 00."},
    )
    numbering = fields.Dict(
        keys=Text(validate=validate.Length(1, 2000)),
        values=Text(allow_none=True, validate=validate.Length(max=12)),
        validate=validate.Length(max=ENTRIES_AT_ONCE),
        metadata={"description": "Entries by their link → S01E02, or null to leave one out."},
    )
    folder = Text(validate=[validate.Length(1, 255), _NOT_BLANK])
    name = Line(validate=[validate.Length(1, 500), _NOT_BLANK])


class RenumberingDecision(StrictSchema):
    decision = Text(
        required=True,
        validate=validate.OneOf(("apply", "keep")),
        metadata={
            "description": "`apply`: files count as what the catalogue lists now. `keep`: the library's numbers count."
        },
    )


class SeriesRemoval(StrictSchema):
    files = Text(load_default="keep", validate=validate.OneOf(("keep", "recycle")))


class RenameQuery(StrictSchema):
    key = Text(load_default=None, validate=_KEY_RULES, metadata={"description": "One series; otherwise all."})


class UndoWish(StrictSchema):
    background = Truth(load_default=False, metadata={"description": "Answer at once; events tell how it goes on."})


class RunsQuery(StrictSchema):
    limit = Count(load_default=20, validate=validate.Range(1, 50))


class RenameWish(UndoWish):
    keys = fields.List(
        Text(validate=_KEY_RULES),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=KEYS_AT_ONCE),
        metadata={"description": "These series; otherwise all."},
    )


class NameTrial(StrictSchema):
    template = Text(required=True, validate=validate.Length(max=500))
    season_folders = Truth(load_default=True)


class FolderQuery(StrictSchema):
    folder = Text(required=True, validate=validate.Length(1, 255))


class FolderWish(FolderQuery):
    key = Text(
        required=True, allow_none=True, validate=_KEY_RULES, metadata={"description": "null: ignore this folder."}
    )


class BackupWish(StrictSchema):
    without_secrets = Truth(load_default=False, metadata={"description": "No password, keys and hidden settings."})


class NotificationTest(StrictSchema):
    urls = fields.List(
        Text(validate=validate.Length(1, URL_LENGTH)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, URLS_AT_ONCE),
        metadata={"description": "null: the configured addresses."},
    )


class WakeWish(StrictSchema):
    site = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 255),
        metadata={"description": "Only this source, as health names it; all without it."},
    )


class LogQuery(StrictSchema):
    level = Text(load_default="INFO", validate=validate.OneOf(LOG_LEVELS), metadata={"description": "This and worse."})
    q = Text(load_default="", validate=validate.Length(max=200))
    limit = Count(load_default=200, validate=validate.Range(1, 1000))


class StatusQuery(StrictSchema):
    limit = Count(load_default=100, validate=validate.Range(0, 1000))


class ItemList(PageQuery):
    status = Text(load_default=None, validate=validate.OneOf([str(status) for status in DownloadStatus]))
    q = Text(load_default="", validate=validate.Length(max=200))


class EpisodeField(fields.Field[Any]):
    """``"S01E02"`` or ``{"season": 1, "episode": 2}`` as (season, number)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[int, int]:
        if isinstance(value, str):
            try:
                number = EpisodeNumber.parse(value[:50])
            except InvalidInput as error:
                raise ValidationError(str(error)) from None
            return number.season, number.episode
        loaded = _EpisodeObject().load(value)
        return loaded["season"], loaded["episode"]


class _EpisodeObject(StrictSchema):
    season = Whole(required=True, validate=validate.Range(0, SEASONS))
    episode = Whole(required=True, validate=validate.Range(1, ABSOLUTE_EPISODES))


_CODE = (  # EpisodeNumber.parse in a pattern: seasons to 1000, episodes from 1 to 10000, zeros before them
    r"^[sS](0?[0-9]{1,3}|1000)[eE]"
    r"(0{0,4}[1-9]|0{0,3}[1-9][0-9]|0{0,2}[1-9][0-9]{2}|0?[1-9][0-9]{3}|10000)$"
)
_EPISODE_FORM = {
    "anyOf": [
        {"type": "string", "pattern": _CODE, "example": "S01E02"},
        {
            "type": "object",
            "properties": {
                "season": {"type": "integer", "minimum": 0, "maximum": SEASONS},
                "episode": {"type": "integer", "minimum": 1, "maximum": ABSOLUTE_EPISODES},
            },
            "required": ["season", "episode"],
            "additionalProperties": False,
        },
    ]
}


class PriorityField(fields.Field[Any]):
    """``"low"``, ``"normal"``, ``"high"`` or 0, 1, 2."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            return int(DownloadPriority.parse(value))
        except InvalidInput as error:
            raise ValidationError(str(error)) from None


_PRIORITY_FORM = {"enum": ["low", "normal", "high", 0, 1, 2]}


class NewDownloads(StrictSchema):
    serie_id = Text(required=True, validate=_KEY_RULES, metadata={"description": "The series' key."})
    serie_folder = Text(load_default=None, allow_none=True, validate=validate.Length(max=255))
    serie_name = Line(load_default=None, allow_none=True, validate=validate.Length(max=500))
    episodes = fields.List(
        EpisodeField(metadata=_EPISODE_FORM), required=True, validate=validate.Length(1, EPISODES_AT_ONCE)
    )
    priority = PriorityField(load_default=int(DownloadPriority.NORMAL), metadata=_PRIORITY_FORM)
    languages = language_list()
    source = Text(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=255),
        metadata={"description": "The catalogue of a series that is not in the library; otherwise its own counts."},
    )
    upgrade = Truth(load_default=False, metadata={"description": "Also present episodes, in better languages only."})

    @post_load
    def as_request(self, data: dict[str, Any], **_: Any) -> DownloadRequest:
        return DownloadRequest(
            **{**data, "episodes": tuple(data["episodes"]), "languages": tuple(data.get("languages", ()))}
        )


class ItemChange(StrictSchema):
    priority = PriorityField(metadata=_PRIORITY_FORM)
    position = Whole(validate=validate.Range(0, 1_000_000))


class Pause(StrictSchema):
    minutes = Amount(load_default=None, allow_none=True, validate=validate.Range(0.1, 43_200))


class Retry(StrictSchema):
    item_ids = fields.List(
        Text(validate=validate.Length(max=36)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=ITEMS_AT_ONCE),
    )
