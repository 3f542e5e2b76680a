"""What templates may use on every page: filters, icons' addresses, colours, the words of the scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Flask, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from aniworld.services.series.views import SearchResult
from aniworld.web.http import static_files as assets
from aniworld.web.http.json_response import moment, plain
from aniworld.web.http.services import services
from aniworld.web.i18n import formatting as template_helpers
from aniworld.web.i18n import labels as words
from aniworld.web.i18n import language as tongue
from aniworld.web.i18n.language import gettext as _
from aniworld.web.i18n.script_translations import spoken_address
from aniworld.web.security import csrf

THEMES = ("auto", "light", "dark")
NOT_SIGNED_IN = 401


def dress(app: Flask) -> None:
    """Gives the templates of ``app`` their filters, names and translations."""
    app.extensions[template_helpers.BEFORE_RENDERING] = tongue.ready
    app.jinja_env.filters.update(
        filesize=tongue.file_size,
        hue=template_helpers.hue_of,
        initials=template_helpers.initials_of,
        facts=plain,
        language_name=words.language_name,
        subtitle_language=tongue.language_in_words,
        fact_name=words.fact_name,
        audit_name=words.audit_name,
        translated=words.translated,
        cover=cover_address,
        flat_facts=flat_facts,
        day=tongue.day_in_words,
    )
    app.jinja_env.globals.update(
        asset=assets.asset,
        language=tongue.language,
        theme=theme,
        when=when,
        spoken_address=spoken_address,
        csrf=csrf.token,
        hit_cover=hit_cover,
    )


def page(name: str, title: str, **context: Any) -> str:
    """The template ``name`` as a whole page in the visitor's language."""
    return fragment(name, title=title, **context)


def fragment(name: str, **context: Any) -> str:
    """The template ``name``, which need not be a whole page."""
    return template_helpers.render_template(name, **context)


def is_partial() -> bool:
    """Whether HTMX asks for a part of the page and not for all of it."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def error_page(status: int, title: str, detail: str) -> tuple[str, int] | Response:
    """An error as a page, for whoever is not under /api; who is not signed in is sent there."""
    if status == NOT_SIGNED_IN and request.method == "GET":
        return redirect(url_for("pages.login", next=request.script_root + request.full_path.rstrip("?")))
    known = {404: _("Nothing here"), 403: _("Not allowed"), 500: _("Something went wrong"), 503: _("Not available now")}
    shown = known.get(status, title)
    return fragment("error.html", title=shown, status=status, detail=words.translated(detail)), status


def theme() -> str:
    """``auto``, ``light`` or ``dark``: by the visitor's choice in this browser, then by the setting."""
    chosen = request.cookies.get("theme")
    return chosen if chosen in THEMES else services().config.current.ui.theme


def cover_address(cover_url: str | None) -> str | None:
    """The address of a cover on this server. None for a cover elsewhere: browsers never ask another host."""
    if not cover_url or not cover_url.startswith("/") or cover_url.startswith(("//", "/\\")):
        return None
    return request.script_root + cover_url


def hit_cover(hit: SearchResult) -> str | None:
    """Where this server has the cover of a hit: by its key, never by the site's address."""
    return f"/api/anime/{quote(hit.key)}/cover" if hit.cover_url else None


def when(value: datetime | None) -> Markup:
    """A time as an element whose text the browser turns into the visitor's own form."""
    if value is None:
        return Markup("")
    iso = moment(value)
    return Markup('<time datetime="{0}" data-time>{1}</time>').format(iso, iso[:16].replace("T", " "))


def flat_facts(facts: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Nested facts as lines of (spoken name, value); bytes in readable units."""
    for name, value in plain(facts).items():
        label = " ".join(filter(None, (before, name.replace("_", " "))))
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            for one in value:
                yield from flat_facts(one, label)
        elif isinstance(value, Mapping):
            yield from flat_facts(value, label)
        elif name.endswith("bytes") and isinstance(value, int):
            yield label.removesuffix("bytes").strip().capitalize(), tongue.file_size(value)
        else:
            yield label.capitalize(), "–" if value in (None, "", []) else value
