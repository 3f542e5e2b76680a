"""Who may come in: nobody, but for the short list below. Checked before every request, known address or not.

``flask_login.current_user`` is the visitor: a ``Visitor`` by cookie, token or API key, or ``Nobody``. It is known once
``guard`` has run; do not ask for it earlier, nor for our own static files, since it reads the session's row.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, redirect, request, session, url_for
from flask_login import current_user, login_user, logout_user

from aniworld.core.errors import Forbidden, NotSignedIn
from aniworld.models.restore_hold import Hold
from aniworld.services.access.service import Identity, SignedIn
from aniworld.services.access.tokens import is_api_key
from aniworld.services.background import EXTRA, Automation
from aniworld.web.http.extensions import login
from aniworld.web.http.problems import under_api
from aniworld.web.http.services import services
from aniworld.web.security import origins, tokens
from aniworld.web.security import request_bodies as bodies
from aniworld.web.security.headers import OPEN_FILES
from aniworld.web.security.trusted_hosts import is_this_machine

PUBLIC = frozenset(
    {
        "auth.status",
        "auth.setup",
        "auth.login",
        "health",
        "pages.login",
        "pages.setup",
        "pages.manifest",
        "pages.fresh_token",
        *OPEN_FILES,
    }
)
OWN_SIGN_IN = frozenset({"websocket"})  # signs in by itself, by header, cookie or first message
SIGN_IN_BY_JSON = frozenset({"auth.setup", "auth.login"})  # nothing to forge yet; the origin is checked all the same
BY_BASIC = frozenset({"calendar_feed.read"})  # calendar programs can send a password and no other header
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Flask-Login would take a second cookie, one that outlives the session, before it asks the request loader. No cookie
# can have this name.
NO_COOKIE = ";"


class Visitor:
    """Who is signed in, in the words of Flask-Login. ``by_cookie``: by what a browser sends unasked."""

    is_active = is_authenticated = True
    is_anonymous = False

    def __init__(self, identity: Identity, by_cookie: bool = False) -> None:
        self.identity = identity
        self.by_cookie = by_cookie

    def get_id(self) -> str:
        return self.identity.id


class Nobody:
    """Who is not signed in, with the same attributes."""

    is_active = is_authenticated = by_cookie = False
    is_anonymous = True
    identity = None

    def get_id(self) -> None:
        return None


def install(app: Flask) -> None:
    app.config["REMEMBER_COOKIE_NAME"] = NO_COOKIE
    login.session_protection = None  # the row decides; an address that changes on the road must not
    login.anonymous_user = Nobody
    login.init_app(app, add_context_processor=False)  # an error page must not ask a database that is away
    login.user_loader(_visitor_by_cookie)
    login.request_loader(_visitor_by_request)
    login.unauthorized_handler(_to_sign_in)
    app.before_request(guard)
    app.teardown_request(end_change)


def guard() -> Response | None:
    """Before every request: who asks, may they, and is the change their own."""
    if request.endpoint in OPEN_FILES:
        who = None
    else:
        who = current_user.identity
        g.visitor_is_known = True
    if who is None and request.endpoint not in PUBLIC | OWN_SIGN_IN:
        return _to_sign_in()
    if request.endpoint in OWN_SIGN_IN:
        origins.check()
        return None
    if request.method not in SAFE:
        _check_wish()
    if who is not None and who.scope != "full" and request.method not in SAFE:
        raise Forbidden("This API key may read only.")
    bodies.check()
    if (
        request.method not in SAFE
        and request.endpoint not in PUBLIC
        and not (request.endpoint or "").startswith("auth.")
    ):
        _begin_change()
    return None


def _begin_change() -> None:
    """What a restore replaces would be lost, or make the restore fail: it waits for the end of this request. Raises
    Conflict.
    """
    hold = services().downloads.hold
    while not hold.begin():
        hold.check()
    g.changes = hold


def end_change(error: BaseException | None) -> None:
    """After every request, however it ended."""
    hold: Hold | None = g.pop("changes", None)
    if hold is not None:
        hold.end()


def known_identity() -> Identity | None:
    """Who asks, once ``guard`` knows; None before, for nobody, and for our own static files."""
    who: Identity | None = current_user.identity if g.get("visitor_is_known") else None
    return who


def _visitor_by_cookie(session_id: object) -> Visitor | None:
    """Flask-Login's user loader. A proof in a header counts before the cookie, good or not: the request loader
    decides.
    """
    if _has_proof_in_header():
        return None
    who = _identity_of_cookie(session_id)
    return None if who is None else Visitor(who, by_cookie=True)


def _visitor_by_request(_: Request) -> Visitor | None:
    """Flask-Login's request loader, where no cookie decided. Raises NotSignedIn for a proof that does not count.

    Where anybody may come, an old token is nobody's: whoever holds one can still sign in again.
    """
    try:
        who = by_headers()
        if who is None and request.endpoint in BY_BASIC:
            who = by_calendar_password()
    except NotSignedIn:
        if request.endpoint in PUBLIC:
            return None
        raise
    return None if who is None else Visitor(who)


def by_headers() -> Identity | None:
    """Raises NotSignedIn."""
    key = request.headers.get("X-Api-Key")
    if key is not None:
        return services().auth.identity_of_key(key)
    token = _bearer()
    if token is None:
        return None
    if is_api_key(token):
        return services().auth.identity_of_key(token)
    return tokens.identity_by_request(token)


def _has_proof_in_header() -> bool:
    return "X-Api-Key" in request.headers or _bearer() is not None


def _bearer() -> str | None:
    """What the Authorization header holds after ``Bearer``, whole; None where it has another form or is not sent."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def by_calendar_password() -> Identity:
    """A reader of the calendar feed and of nothing else. Raises NotSignedIn."""
    given = request.authorization
    automation: Automation | None = services().extras.get(EXTRA)
    stated = given.type == "basic" and (given.username or "", given.password or "") if given else None
    if automation is not None and stated and automation.feed.opens(*stated):
        return Identity("read", None)
    raise NotSignedIn("The calendar wants the user “calendar” and the password that the calendar's page made.")


def by_token(token: object) -> Identity:
    """By JWT, or by an API key where only one field is to be had: for sockets. Raises NotSignedIn."""
    if isinstance(token, str) and is_api_key(token):
        return services().auth.identity_of_key(token)
    return tokens.identity_by_token(token)


def by_cookie() -> Identity | None:
    """For sockets, which answer no request of their own."""
    return _identity_of_cookie(session.get("_user_id"))


def _identity_of_cookie(session_id: object) -> Identity | None:
    """None for a session that ended; the cookie forgets it."""
    if not isinstance(session_id, str):
        return None
    try:
        return services().auth.identity_of_session(session_id)
    except NotSignedIn:
        session.clear()
        return None


def let_in(signed_in: SignedIn) -> None:
    """This browser's cookie stands for the new session; whatever it held before is forgotten."""
    session.clear()
    session.permanent = signed_in.remember
    login_user(Visitor(Identity("full", signed_in.expires_at, session_id=signed_in.session_id), by_cookie=True))


def let_out() -> None:
    """The session of this request is dead, and its cookie empty."""
    if current_user.is_authenticated:
        services().auth.logout(current_user.identity)
    logout_user()
    session.clear()


def csrf_token() -> str:
    """What this browser sends in X-CSRFToken with every change."""
    from aniworld.web.security import csrf  # see _check_wish

    return csrf.token()


def is_local() -> bool:
    """Whether the visitor sits at this machine itself."""
    return is_this_machine(request.environ)


def _check_wish() -> None:
    """CSRF: only a browser sends cookies unasked, so headers that no other site can set need no further proof."""
    if current_user.is_authenticated and not current_user.by_cookie:
        return
    origins.check()
    if request.endpoint not in SIGN_IN_BY_JSON:
        from aniworld.web.security import csrf  # brings the forms' library along, which only browsers' changes need

        csrf.check_token()


def _to_sign_in() -> Response:
    if under_api() or (request.endpoint is None and not _wants_page()) or request.method not in SAFE:
        raise NotSignedIn("Sign in first.")
    page = "pages.login" if services().auth.configured() else "pages.setup"
    if page not in current_app.view_functions:
        raise NotSignedIn("Sign in first.")
    if request.headers.get("HX-Request") == "true":
        return _away_from_here(page)
    wanted = request.script_root + request.full_path.rstrip("?")
    goal = wanted if page == "pages.login" and request.path != "/" else None
    return redirect(url_for(page, next=goal))  # type: ignore[return-value]


def _away_from_here(page: str) -> Response:
    """HTMX would put the form into the middle of the page: it is told to leave it, and where to come back to."""
    try:
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        here = urlsplit("")
    back = f"{here.path}?{here.query}".rstrip("?")
    return Response(status=401, headers={"HX-Redirect": url_for(page, next=back or None)})


def _wants_page() -> bool:
    return request.accept_mimetypes.accept_html and "text/html" in request.headers.get("Accept", "")
