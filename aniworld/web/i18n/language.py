"""The visitor's language. Babel weighs 90 ms and some MB: the first page loads it, not the server's start."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from flask import Flask, current_app, request

from aniworld.core.subtitles import UNKNOWN
from aniworld.web.http.services import services
from aniworld.web.http.static_files import STATIC
from aniworld.web.i18n import formatting as template_helpers

LANGUAGES = ("en", "de")
TRANSLATIONS = str(STATIC.parent / "translations")
_ready = threading.Lock()


def ready() -> None:
    """Makes the application speak; the second call does nothing."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with _ready:
        if "babel" not in app.extensions:
            from flask_babel import Babel  # see above

            Babel(app, default_translation_directories=TRANSLATIONS, locale_selector=language)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within the block everything is said in ``language``, whatever the visitor's is."""
    from flask_babel import force_locale  # see above

    ready()
    with force_locale(language):
        yield


def gettext(text: str, **values: object) -> str:
    """``text`` in the visitor's language, with ``%(name)s`` filled in."""
    from flask_babel import gettext as translate  # see above

    ready()
    return str(translate(text, **values))


def ngettext(one: str, several: str, num: int) -> str:
    """The form for ``num`` in the visitor's language, with ``%(num)s`` filled in."""
    from flask_babel import ngettext as translate  # see above

    ready()
    return str(translate(one, several, num))


def file_size(size: float | None) -> str:
    """``1.4 GB``, in German ``1,4 GB``. Empty for None."""
    text = template_helpers.file_size(size)
    return text.replace(".", ",") if language() == "de" else text


def day_in_words(day: date, form: str) -> str:
    """A date in the visitor's language; ``form``: ``EEEE`` the weekday, ``medium`` the whole date, or a skeleton of
    CLDR such as ``MMMd``.
    """
    from babel.dates import format_date, format_skeleton  # see above

    if form in ("EEEE", "medium"):
        return str(format_date(day, form, locale=language()))
    return str(format_skeleton(form, day, locale=language()))


def language_in_words(code: str) -> str:
    """``German`` for ``ger``, a code of ISO 639-2, in the visitor's language; an unknown code as it is."""
    from babel import Locale  # see above
    from babel.core import get_global

    if code == UNKNOWN:
        return gettext("unknown")
    short = get_global("language_aliases").get(code, code)
    return str(Locale(language()).languages.get(short, code))


def language() -> str:
    """``de`` or ``en``: by the visitor's choice, then by the setting, then by what the browser asks for."""
    chosen = request.cookies.get("language")
    if chosen in LANGUAGES:
        return chosen
    setting = services().config.current.ui.language
    if setting in LANGUAGES:
        return setting
    return request.accept_languages.best_match(LANGUAGES) or "en"
