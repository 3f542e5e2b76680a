"""The former name of ``aniworld.providers.plugin_api.base``, for plug-ins that import it."""

from __future__ import annotations

import warnings

from aniworld.providers.plugin_api.base import *  # noqa: F403

warnings.warn(
    "aniworld.providers.base is called aniworld.providers.plugin_api.base now.", DeprecationWarning, stacklevel=2
)
