"""What programs of ours that run in processes of their own know of this one."""

from __future__ import annotations

import os

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "SYSTEMROOT")


def bare_environment() -> dict[str, str]:
    """Nothing but where programs, words and certificates are: no secret, no proxy, no plug-ins of yt-dlp."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | {"YTDLP_NO_PLUGINS": "1"}
