"""That a change was wished by our own pages: the token that only they know, in a header or a form.

Flask-WTF comes with forms and their languages, a tenth of a second: it is loaded for the first page, not for the start.
"""

from __future__ import annotations

from flask import Flask, current_app, request

from aniworld.core.errors import Forbidden

HEADER, FIELD = "X-CSRFToken", "csrf_token"


def install(app: Flask) -> None:
    app.config.setdefault(
        "WTF_CSRF_TIME_LIMIT", None
    )  # a page may stand open for days; the token dies with the session
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)  # ``origins`` looks at it, on http as well
    app.jinja_env.globals["csrf_token"] = token


def token() -> str:
    """The token of this browser's session."""
    from flask_wtf.csrf import generate_csrf  # see above

    return str(generate_csrf())


def check_token() -> None:
    """Raises Forbidden unless the request carries this session's token."""
    from flask_wtf.csrf import validate_csrf  # see above
    from wtforms import ValidationError

    sent = request.headers.get(HEADER) or (request.form.get(FIELD, "") if not request.is_json else "")
    try:
        validate_csrf(sent, secret_key=current_app.secret_key)
    except ValidationError:
        raise Forbidden(f"The {HEADER} header is missing or stale; load the page again.") from None
