"""The settings pages, made from the one table of settings; backups, sign-ins and keys beside them."""

from __future__ import annotations

from dataclasses import Field, dataclass
from typing import Any

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from aniworld.config import settings as known
from aniworld.core.errors import AniworldError
from aniworld.core.media import KNOWN_LANGUAGES
from aniworld.services.access.audit_log import ENTRIES_LIMIT, KINDS
from aniworld.services.background import EXTRA as AUTOMATION
from aniworld.services.background import Automation
from aniworld.web.http.services import services
from aniworld.web.i18n import labels as words
from aniworld.web.pages.templating import page

EXTRA_SECTIONS = ("recycle", "backups", "access", "audit", "about")
ENTRIES_A_PAGE = 50
LAST_PAGE = ENTRIES_LIMIT // ENTRIES_A_PAGE


@dataclass(frozen=True)
class FieldView:
    """One setting as a form shows it; ``form`` names the kind of control (see ``form_of``)."""

    section: str
    name: str
    label: str
    doc: str
    form: str
    value: Any
    default: Any
    low: float | None = None
    high: float | None = None
    step: str = "1"
    choices: tuple[tuple[str, str], ...] = ()
    secret: bool = False

    @property
    def id(self) -> str:
        return f"{self.section}-{self.name}"


def settings(section: str | None = None) -> str | Response:
    """One section's form, or one of the pages beside: recycle bin, backups, access, audit log, about."""
    if section is None:
        return redirect(url_for("pages.settings", section="library"))
    title = words.section_name(section)
    if section in EXTRA_SECTIONS:
        return page(f"settings/{section}.html", title, **_common(section), **_EXTRA[section]())
    if section not in sections():
        abort(404)
    beside = _BESIDE[section]() if section in _BESIDE else {}
    return page("settings/section.html", title, fields=fields_of(section), **_common(section), **beside)


def sections() -> list[str]:
    """The names of all sections that hold settings, in their order."""
    return list(dict.fromkeys(section for section, _name, _field in known.walk()))


def fields_of(section: str) -> list[FieldView]:
    """The settings of one section with the values that hold now; a secret only as a mask."""
    values = services().config.masked()[section]
    return [field_view(section, name, field, values.get(name)) for part, name, field in known.walk() if part == section]


def field_view(section: str, name: str, field: Field[Any], value: Any) -> FieldView:
    facts, default = field.metadata, default_of(field)
    return FieldView(
        section,
        name,
        words.setting_name(section, name),
        words.translated(facts["doc"]),
        form=form_of(facts, default),
        value=value,
        default=default,
        low=facts.get("low"),
        high=facts.get("high"),
        step="1" if isinstance(default, int) else "any",
        choices=_choices(facts),
        secret=bool(facts.get("secret")),
    )


def form_of(facts: Any, default: Any) -> str:
    """The kind of form control that fits a setting."""
    if isinstance(default, bool):
        return "switch"
    if isinstance(default, tuple):
        return _form_of_list(facts)
    if facts.get("choices"):
        return "choice"
    if isinstance(default, int | float):
        return "number"
    return "secret" if facts.get("secret") else "text"


def default_of(field: Field[Any]) -> Any:
    return field.default_factory() if callable(field.default_factory) else field.default


def _form_of_list(facts: Any) -> str:
    if facts.get("choices"):
        return "choices"
    kind = facts.get("kind")
    if kind in ("languages", "windows"):
        return str(kind)
    return "words" if kind == "words" and not facts.get("secret") else "lines"


def _choices(facts: Any) -> tuple[tuple[str, str], ...]:
    if facts.get("kind") == "languages":
        return tuple((code, words.language_name(code)) for code in KNOWN_LANGUAGES)
    return tuple((choice, words.choice_name(choice)) for choice in facts.get("choices", ()))


def _common(section: str) -> dict[str, Any]:
    names = [(name, words.section_name(name)) for name in (*sections(), *EXTRA_SECTIONS)]
    return {"active": "settings", "section": section, "sections": names}


def _tracking() -> dict[str, Any]:
    """The look that runs, or the last one; None where this process has no part in it."""
    found: Automation | None = services().extras.get(AUTOMATION)
    return {"tracking": found and found.tracking.status()}


def _recycle() -> dict[str, Any]:
    try:
        return {"items": services().recycling.list(), "trouble": None}
    except AniworldError as error:
        return {"items": [], "trouble": words.translated(str(error))}


def _backups() -> dict[str, Any]:
    return {"backups": services().config.backups()}


def _access() -> dict[str, Any]:
    return {"keys": services().auth.keys(), "second_factor": services().auth.second_factor.state()}


def _audit() -> dict[str, Any]:
    """One page of the audit log; an unknown kind or page in the address is none."""
    kind = request.args.get("kind", "")
    wanted = kind if kind in KINDS else None
    number = request.args.get("page", 1, type=int)
    entries, paging = services().audit.entries(min(max(number, 1), LAST_PAGE), ENTRIES_A_PAGE, wanted)
    last = max(1, -(-paging.total // ENTRIES_A_PAGE))
    kinds = sorted(((one, words.audit_name(one)) for one in KINDS), key=lambda pair: pair[1].lower())
    return {
        "entries": entries,
        "kind": wanted,
        "kinds": kinds,
        "number": paging.page,
        "last": last,
        "total": paging.total,
    }


def _about() -> dict[str, Any]:
    return {"facts": services().system.facts(), "checks": services().system.checks()}


def _whole() -> dict[str, Any]:
    return {"backups": services().backups.list(), "work": services().backups.work()}


_BESIDE = {"tracking": _tracking, "backup": _whole}
_EXTRA = {"recycle": _recycle, "backups": _backups, "access": _access, "audit": _audit, "about": _about}
ROUTES = (("/settings", settings), ("/settings/<section>", settings))
__all__ = ["ROUTES", "FieldView", "fields_of", "form_of", "sections"]
