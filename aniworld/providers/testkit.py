"""The former name of ``aniworld.providers.plugin_api.testkit``, for plug-ins that import it."""

from __future__ import annotations

import warnings

from aniworld.providers.plugin_api.testkit import *  # noqa: F403

warnings.warn(
    "aniworld.providers.testkit is called aniworld.providers.plugin_api.testkit now.", DeprecationWarning, stacklevel=2
)
