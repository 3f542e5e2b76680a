"""Sentences of the server with something filled in, known again by their form: rows, logs and the REST interface keep English."""

from __future__ import annotations

import re
from functools import cache


def _(form: str) -> str:
    """Marks ``form`` for translation."""
    return form


FORMS = (
    # Settings
    _("Must be greater than or equal to {low} and less than or equal to {high}."),
    _("Must be one of: {choices}."),
    _("Must begin with one of: {choices}"),
    _("Length must be between {low} and {high}."),
    _("Longer than maximum length {high}."),
    _("{token} is no token; there are {tokens}."),
    _("The template needs {season} and {episode}, or {absolute}; else episodes would share a name."),
    _("The application may not write to {folder}; change its permissions or choose another folder."),
    # The network
    _("{host} does not accept a connection ({reason}); try again later."),
    _("{host} answers too slowly; try again later."),
    _("{host} asks to come back later (status {status}); it is tried again by itself."),
    _("{host} has a fault of its own (status {status}); try again later."),
    _("{host} refuses the page (status {status}); try again later."),
    _("{host} asks for a browser check ({sign}). Open it in a browser, wait a while, or use another network."),
    _("{why} It rests for about {minutes} more min."),
    _(
        "The name {host} cannot be resolved. Some internet providers block such sites in their DNS: use another DNS "
        "resolver, or configure a mirror of the site in the settings."
    ),
    # Catalogues and hosters
    _("The link to {hoster} leads nowhere."),
    _("The link to {hoster} is gone (status {status})."),
    _("The link to {hoster} does not open (status {status})."),
    _("The video at {host} is gone (status {status})."),
    _("The video at {host} does not open (status {status})."),
    _("The catalogue says that there is nothing at {address}."),
    _("The library folder {folder} is not there; is its disk connected?"),
)


def form_of(text: str) -> tuple[str, dict[str, str]] | None:
    """The form that ``text`` has, and what is filled in; None for a sentence of no known form."""
    for form, fits in _patterns():
        if found := fits.fullmatch(text):
            return form, found.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((form, re.compile(_pattern(form), re.DOTALL)) for form in FORMS)


def _pattern(form: str) -> str:
    parts = re.split(r"\{(\w+)\}", form)
    return "".join(f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
