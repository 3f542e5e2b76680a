"""The former name of ``aniworld.providers.fetch.browser_checks``, for plug-ins that import it."""

from __future__ import annotations

import warnings

from aniworld.providers.fetch.browser_checks import *  # noqa: F403

warnings.warn(
    "aniworld.providers.obstacles is called aniworld.providers.fetch.browser_checks now.",
    DeprecationWarning,
    stacklevel=2,
)
