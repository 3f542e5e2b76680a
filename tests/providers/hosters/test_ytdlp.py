"""yt-dlp is asked in a process of its own, which knows nothing of the server's secrets."""

from __future__ import annotations

import pytest

from aniworld.providers.hosters import ytdlp

NAMES = 'import json, os; print(json.dumps(" ".join(sorted(os.environ))))'


def test_who_is_asked_for_extractors_knows_no_secret_and_no_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANIWORLD_SECRET_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "https://hidden.example")
    monkeypatch.setattr(ytdlp, "_ASK", NAMES)
    known = (ytdlp.ask_extractors("https://example.org/") or "").split()
    assert "PATH" in known and "YTDLP_NO_PLUGINS" in known
    assert not {"ANIWORLD_SECRET_KEY", "HTTPS_PROXY"} & set(known)
