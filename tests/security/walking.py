"""Every route of the application, with made-up values in the places of its parameters."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from aniworld.app import create_app

VALUES = {"item_id": "00000000-0000-0000-0000-000000000000", "filename": "styles.css", "version": "x"}


def every_route() -> Iterator[tuple[str, str, str]]:
    """(endpoint, method, path) of all routes that are no WebSocket."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"ANIWORLD_INSTANCE": folder})
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            if rule.websocket:
                continue
            values = {name: VALUES.get(name, "made-up") for name in rule.arguments}
            path = adapter.build(rule.endpoint, values, method=next(iter(rule.methods or {"GET"})))
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield rule.endpoint, method, path
        app.extensions["aniworld"].close()
