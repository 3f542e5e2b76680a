"""The services of the running application, for every view."""

from __future__ import annotations

from typing import cast

from flask import current_app

from aniworld.services.container import Services

EXTENSION = "aniworld"


def services() -> Services:
    return cast("Services", current_app.extensions[EXTENSION])
