"""Who may come in: nobody, but for the short list below. Looked at before every request, known address or not."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask_login import login_user, logout_user

from aniworld.core.errors import Forbidden, NotSignedIn
from aniworld.models.restore_hold import Hold
from aniworld.services.access.service import Identity, SignedIn
from aniworld.services.access.tokens import is_api_key
from aniworld.services.background import EXTRA, Automation
from aniworld.web.http.extensions import login
from aniworld.web.http.problems import under_api
from aniworld.web.http.services import services
from aniworld.web.security import origins
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


class Visitor:
    """Who is signed in, in the words of Flask-Login."""

    is_active = is_authenticated = True
    is_anonymous = False

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    def get_id(self) -> str:
        return self.identity.id


def install(app: Flask) -> None:
    login.session_protection = None  # the row decides; an address that changes on the road must not
    login.init_app(app)
    login.user_loader(_visitor_of)
    login.unauthorized_handler(_to_sign_in)
    app.before_request(guard)
    app.teardown_request(end_change)


def guard() -> Response | None:
    """Before every request: who asks, may they, and is the wish their own."""
    g.identity = None if request.endpoint in OPEN_FILES else _asker()
    if g.identity is None and request.endpoint in BY_BASIC:
        g.identity = by_calendar_password()
    if g.identity is None and request.endpoint not in PUBLIC | OWN_SIGN_IN:
        return _to_sign_in()
    if request.endpoint in OWN_SIGN_IN:
        origins.check()
        return None
    if request.method not in SAFE:
        _check_wish()
    if g.identity is not None and g.identity.scope != "full" and request.method not in SAFE:
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


def _asker() -> Identity | None:
    """Who asks. Where anybody may come, an old token is nobody's: whoever holds one can still sign in again."""
    try:
        return identify()
    except NotSignedIn:
        if request.endpoint in PUBLIC:
            return None
        raise


def identity() -> Identity | None:
    """Who asks, on public addresses perhaps nobody."""
    found: Identity | None = g.get("identity")
    return found


def identify() -> Identity | None:
    """Who asks: by key, by token, by cookie. Raises NotSignedIn for a key or token that is not good (any more)."""
    g.by_cookie = False
    found = by_headers()
    if found is not None:
        return found
    found = by_cookie()
    g.by_cookie = found is not None
    return found


def by_headers() -> Identity | None:
    """Raises NotSignedIn."""
    key = request.headers.get("X-Api-Key")
    if key is not None:
        return services().auth.identity_of_key(key)
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return by_token(value.strip())
    return None


def by_calendar_password() -> Identity:
    """A reader of the calendar feed and of nothing else. Raises NotSignedIn."""
    given = request.authorization
    automation: Automation | None = services().extras.get(EXTRA)
    stated = given.type == "basic" and (given.username or "", given.password or "") if given else None
    if automation is not None and stated and automation.feed.opens(*stated):
        return Identity("read", None)
    raise NotSignedIn("The calendar wants the user “calendar” and the password that the calendar's page made.")


def by_token(token: str) -> Identity:
    """By JWT, or by an API key where only one field is to be had. Raises NotSignedIn."""
    if is_api_key(token):
        return services().auth.identity_of_key(token)
    return services().auth.identity_of_token(token)


def by_cookie() -> Identity | None:
    session_id = session.get("_user_id")
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
    login_user(Visitor(Identity("full", signed_in.expires_at, session_id=signed_in.session_id)))


def let_out() -> None:
    """The session of this request is dead, and its cookie empty."""
    who = identity()
    if who is not None:
        services().auth.logout(who)
    logout_user()
    session.clear()


def csrf_token() -> str:
    """What this browser sends in X-CSRFToken with every change."""
    from aniworld.web.security import csrf  # see _check_wish

    return csrf.token()


def is_local() -> bool:
    """Whether the visitor sits at this machine itself."""
    return is_this_machine(request.environ)


def _visitor_of(session_id: str) -> Visitor | None:
    try:
        return Visitor(services().auth.identity_of_session(session_id))
    except NotSignedIn:
        return None


def _check_wish() -> None:
    """CSRF: only a browser sends cookies unasked, so headers that no other site can set need no further proof."""
    if identity() is not None and not g.by_cookie:
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
