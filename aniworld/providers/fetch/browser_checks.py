"""Protection pages: recognised and reported, never worked around."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from aniworld.core.errors import CatalogueBlocked
from aniworld.providers.fetch.page import Page

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
_HEADED = ("just a moment", "checking your browser", "ddos-guard", "verifizierung")
_WIDGETS = ("cf-turnstile", "g-recaptcha", "hcaptcha.com")
_CHALLENGES = ("_cf_chl_", "ddos-guard/js-challenge", "ddg-captcha")
_PROTECTING = frozenset({403, 429, 503})
_LOOKED_AT = 262_144
_SHORT_ANSWER = 4096
_SPAM = re.compile(r"(?:als|for)\s+spam\s+(?:erkannt|eingestuft|gewertet)|detected\s+as\s+spam", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,300}>|&nbsp;")
_LINKS_OF_A_SITE = 8
_HEADING = re.compile(r"<(title|h[1-3])\b[^>]{0,300}>(.{0,300}?)</\1", re.DOTALL)
_WRITTEN_IN = re.compile(r"<textarea|type\s*=\s*[\"']?(?:password|text|email|search)\b")


def sign_of(page: Page, *, nothing_found: bool = False, leads_on: bool = False) -> str | None:
    """The sign of a browser check on a page, or None.

    Statuses 403, 429 and 503 need any sign. With status 200 an honest page may carry one as well: a series of that
    name, a sign-in form with a captcha, a protection script beside the content. So there a sign counts only with
    ``nothing_found``, when nothing of what was looked for is on the page: in its title and headings, as a form that
    asks for nothing but a captcha, and anywhere on a page without the many links of a site's own.
    ``leads_on``: its script sends the browser on, which says "just a moment" as well, behind a protection's script that
    honest pages carry too. There only a captcha counts, and a challenge's own mark.
    """
    if page.status in _PROTECTING:
        return _first(SIGNS, page.text[:_LOOKED_AT].lower())
    if page.status >= 400 or not nothing_found:
        return None
    text = page.text[:_LOOKED_AT].lower()
    headings = " ".join(found[2] for found in _HEADING.finditer(text))
    forms = (form.split("</form", 1)[0] for form in text.split("<form")[1:])
    asking = " ".join(form for form in forms if not _WRITTEN_IN.search(form))
    rest = text if text.count("<a ") < _LINKS_OF_A_SITE else ""
    if leads_on:
        return _first(_WIDGETS, asking) or _first((*_WIDGETS, *_CHALLENGES), rest)
    return _first(_HEADED, headings) or _first(_WIDGETS, asking) or _first(SIGNS, rest)


def is_rate_limit(page: Page) -> bool:
    """Whether a short answer says "Deine Anfrage wurde als Spam erkannt.", whatever its status and form."""
    return len(page.body) <= _SHORT_ANSWER and bool(_SPAM.search(_MARKUP.sub(" ", page.text)))


def _first(signs: Iterable[str], text: str) -> str | None:
    return next((sign for sign in signs if sign in text), None)


def check_obstacle(page: Page, *, nothing_found: bool = False) -> None:
    """Nothing, if the page is no protection page, nor says that there were too many requests.

    Raises CatalogueBlocked with what a person can do.
    """
    if is_rate_limit(page):
        raise CatalogueBlocked(
            f"{urlsplit(page.url).netloc} takes the requests for spam: there were too many. Wait a while, or allow"
            " fewer requests a second in the settings.",
            retry_after=retry_after(page),
        )
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
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 86_400))
    try:
        asked = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    moment = asked if asked.tzinfo else asked.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), 86_400.0)
