"""The browser's pages: rendered here, made live by the modules under static/."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask

from aniworld.web.http import static_files as assets
from aniworld.web.i18n import script_translations as spoken
from aniworld.web.pages import activity as watch
from aniworld.web.pages import calendar, library, settings
from aniworld.web.pages import sign_in as access
from aniworld.web.pages import templating as dressing
from aniworld.web.pages.templating import error_page

__all__ = ["blueprint", "error_page"]

blueprint = Blueprint("pages", __name__, template_folder="../templates")
blueprint.record_once(lambda state: dressing.dress(cast("Flask", state.app)))

for routes in (
    assets.ROUTES,
    spoken.ROUTES,
    access.ROUTES,
    library.ROUTES,
    calendar.ROUTES,
    watch.ROUTES,
    settings.ROUTES,
):
    for rule, view in routes:
        methods = getattr(view, "methods", ("GET",))
        blueprint.add_url_rule(rule, view.__name__, view, methods=methods)
