"""The web put together, on one page: settings, gates, routes, sockets."""

from __future__ import annotations

import hashlib

from flask import Flask

from aniworld.services.access.service import REMEMBERED
from aniworld.services.access.tokens import derived
from aniworld.services.container import Services
from aniworld.web import live, pages
from aniworld.web.api import (
    anime,
    auth,
    automation,
    backups,
    calendar_feed,
    config,
    queue,
    recycle,
    rename,
    second_factor,
    system,
)
from aniworld.web.api import audit as audit_log
from aniworld.web.api import converters as addresses
from aniworld.web.api import openapi as document
from aniworld.web.api import series_lookup as identifiers
from aniworld.web.http import problems as errors
from aniworld.web.http import request_id as request_ids
from aniworld.web.http.services import EXTENSION
from aniworld.web.http.trailing_slash import TrailingSlash
from aniworld.web.security import audit_hook as audit
from aniworld.web.security import authentication as guards
from aniworld.web.security import headers, tokens
from aniworld.web.security import request_bodies as bodies
from aniworld.web.security.sign_in_limiter import SignInLimit
from aniworld.web.security.trusted_hosts import HostGate

BLUEPRINTS = (
    auth.blueprint,
    second_factor.blueprint,
    audit_log.blueprint,
    config.blueprint,
    backups.blueprint,
    anime.blueprint,
    queue.blueprint,
    automation.blueprint,
    calendar_feed.blueprint,
    recycle.blueprint,
    rename.blueprint,
    system.blueprint,
)


def init_web(app: Flask, services: Services) -> None:
    """``app`` answers for ``services``. Raises InvalidInput for a first password that is none."""
    app.extensions[EXTENSION] = services
    _configure(app, services)
    request_ids.install(app)
    system.count(app, services)
    headers.install(app)
    bodies.install(app)
    tokens.install(app, derived(services.auth.secret, "token"))
    guards.install(app)
    audit.install(app)
    errors.install(app, pages.error_page)
    addresses.install(app)
    identifiers.install(app)
    app.extensions[auth.LIMIT] = SignInLimit(services.environment.redis_url)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    document.install(app, BLUEPRINTS)
    system.install(app)
    app.register_blueprint(pages.blueprint)
    app.wsgi_app = TrailingSlash(app.wsgi_app)  # type: ignore[method-assign]
    live.install(app, services)
    hosts = HostGate(app.wsgi_app, services.environment.hosts, services.environment.trusted_proxies)
    app.wsgi_app = headers.HeaderGate(hosts, services.environment.secure_cookies)  # type: ignore[method-assign]
    services.auth.set_password_from_environment()
    services.auth.announce_setup()


def _configure(app: Flask, services: Services) -> None:
    secret = services.auth.secret
    app.secret_key = derived(secret, "cookie")
    prefix = "__Host-" if services.environment.secure_cookies else ""  # no other name of the domain can plant one
    app.config.update(
        # Cookies know no ports: two servers on one machine must not sign each other's visitors out.
        SESSION_COOKIE_NAME=f"{prefix}aniworld_{hashlib.sha256(derived(secret, 'name')).hexdigest()[:8]}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=services.environment.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=REMEMBERED,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.url_map.merge_slashes = False  # an address has one form; the others are not there
    app.json.sort_keys = False  # type: ignore[attr-defined]
