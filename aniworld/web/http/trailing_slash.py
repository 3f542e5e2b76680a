"""``/api/anime/`` means ``/api/anime``, whatever the method.

Werkzeug's ``strict_slashes = False`` matches the other spelling for a method that the rule takes, and answers 404
instead of 405 for one that it does not (werkzeug.routing.StateMachineMatcher). So the slash goes before the routing,
and no rule ends in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
FILES = "/static/"  # a file is not a folder


class TrailingSlash:
    """WSGI middleware around Flask alone, since Socket.IO's path ends in a slash: ``app`` gets paths without their last
    one.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if len(path) > 1 and path.endswith("/") and not path.endswith("//") and not path.startswith(FILES):
            environ["PATH_INFO"] = path[:-1]
        return self._app(environ, start_response)
