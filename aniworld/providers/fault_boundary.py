"""The wall between the program and its providers, built-in and foreign alike.

It lets sources rest after a browser check, and turns whatever a provider should not raise into an error that names it.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from aniworld.core.errors import (
    AniworldError,
    Cancelled,
    CatalogueBlocked,
    HosterUnsupported,
    LinkDead,
    NothingThere,
    PageChanged,
    SourceError,
)
from aniworld.core.media import Stream
from aniworld.providers.cooldown import RestingSources
from aniworld.providers.plugin_api.base import Catalogue, Hoster

log = logging.getLogger(__name__)
T = TypeVar("T")

FETCHING = frozenset(
    {"search", "series", "episode", "resolve", "new_episodes", "calendar", "postponements", "all_titles"}
)
RESTLESS = frozenset({"key_of", "series_link", "episode_link", "takes", "cover", "notes"})
CALLS = FETCHING | RESTLESS


class GuardedCatalogue:
    """A catalogue behind the guard: its source rests after a browser check, its slips become PageChanged."""

    def __init__(self, inner: Catalogue, rest: RestingSources) -> None:
        self._inner = inner
        self._rest = rest

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        return functools.partial(self._call, name, value) if name in CALLS else value

    def claims(self, link: str) -> bool:
        try:
            return bool(self._inner.claims(link))
        except Cancelled:
            raise
        except Exception:  # the wall to foreign code: who cannot say is not asked
            log.exception("The catalogue %s failed on a link", self._inner.site)
            return False

    def _call(self, name: str, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        site, free = self._inner.site, name in RESTLESS
        if not free:
            self._rest.check(site)
        try:
            answer = method(*args, **kwargs)
        except CatalogueBlocked as error:
            if not free:
                error.retry_after = self._rest.block(site, error)
            raise
        except (NothingThere, LinkDead):
            self._rest.worked(site)
            raise
        except AniworldError:
            raise
        except Exception as error:  # the wall to foreign code
            log.exception("The catalogue %s failed in %s", site, name)
            raise PageChanged(f"The catalogue {self._inner.name} failed ({type(error).__name__}).") from error
        if not free:
            self._rest.worked(site)
        return answer


class GuardedHoster(Hoster):
    """A hoster behind the guard: its slips become HosterUnsupported with its name."""

    name = "guarded"

    def __init__(self, inner: Hoster) -> None:
        super().__init__(inner.gate)
        self._inner = inner
        self.name = inner.name  # type: ignore[misc]
        self.priority = inner.priority  # type: ignore[misc]

    def claims(self, url: str) -> bool:
        try:
            return bool(self._inner.claims(url))
        except Cancelled:
            raise
        except Exception:  # the wall to foreign code: who cannot say is not asked
            log.exception("The hoster %s failed on an address", self.name)
            return False

    def stream(self, url: str, *, referer: str, quality: str = "best") -> Stream:
        try:
            return self._inner.stream(url, referer=referer, quality=quality)
        except (SourceError, Cancelled):
            raise
        except Exception as error:  # the wall to foreign code
            log.exception("The hoster %s failed", self.name)
            raise HosterUnsupported(f"The hoster plug-in {self.name} failed ({type(error).__name__}).") from error
