"""Protection pages: recognised and reported, never worked around."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from aniworld.core.errors import CatalogueBlocked

from .page import Page

SIGNS = (
    "just a moment",
    "checking your browser",
    "ddos-guard",
    "cf-turnstile",
    "cdn-cgi/challenge-platform",
    "g-recaptcha",
    "hcaptcha.com",
    "verifizierung",
)
_TITLE_SIGNS = ("just a moment", "checking your browser", "ddos-guard", "verifizierung")
_PROTECTING = frozenset({403, 429, 503})
_LOOKED_AT = 262_144
_LINKS_OF_A_SITE = 8


def sign_of(page: Page, *, nothing_found: bool = False) -> str | None:
    """The sign of a browser check on a page, or None.

    Statuses 403, 429 and 503 need any sign. An honest page with status 200 may carry a sign as well (a sign-in form
    with a captcha, a protection script beside the content), so there only its title counts; with ``nothing_found``,
    when nothing of what was looked for is on it, any sign does, unless it has the many links of a site's own page.
    """
    text = page.text[:_LOOKED_AT].lower()
    bare = nothing_found and page.status < 400 and text.count("<a ") < _LINKS_OF_A_SITE
    if page.status in _PROTECTING or bare:
        return next((sign for sign in SIGNS if sign in text), None)
    if page.status >= 400:
        return None
    start = text.find("<title")
    title = text[start : text.find("</title", start)][:300] if start >= 0 else ""
    return next((sign for sign in _TITLE_SIGNS if sign in title), None)


def check_obstacle(page: Page, *, nothing_found: bool = False) -> None:
    """Nothing, if the page is no protection page. Raises CatalogueBlocked with what a person can do."""
    sign = sign_of(page, nothing_found=nothing_found)
    if sign:
        raise blocked(page.url, f"“{sign}”", retry_after=retry_after(page))


def blocked(url: str, sign: str, *, retry_after: float | None = None) -> CatalogueBlocked:
    host = urlsplit(url).netloc
    return CatalogueBlocked(
        f"{host} asks for a browser check ({sign}). Open it in a browser, wait a while, or use another network.",
        retry_after=retry_after,
    )


def retry_after(page: Page) -> float | None:
    """Seconds that the page's ``Retry-After`` asks to wait; None where it does not (RFC 9110, 10.2.3)."""
    value = page.headers.get("retry-after", "").strip()
    if value.isdigit():
        return float(min(int(value[:9]), 86_400))
    try:
        asked = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    moment = asked if asked.tzinfo else asked.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), 86_400.0)
