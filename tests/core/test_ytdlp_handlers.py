"""yt-dlp with curl_cffi installed: it is never called, and no page is asked for in a browser's clothes.

``curl_cffi`` here is a package that notes every use, in children: yt-dlp looks once, at its import, for what is
installed.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite

ROOT = Path(__file__).resolve().parents[2]

PACKAGE = """
from pathlib import Path

def note(what):
    with open(Path(__file__).parents[1] / "used.txt", "a") as file:
        file.write(what + "\\n")

__version__ = "0.12.0"
"""
REQUESTS = """
from curl_cffi import note

class Response: pass
class errors:
    class RequestsError(Exception):
        code = None
class Curl:
    def setopt(self, *_): note("setopt")
class Session:
    def __init__(self, **_):
        note("session")
        self.curl = Curl()
    def request(self, **named):
        note(f"request {named['url']} as {named['impersonate']}")
        raise errors.RequestsError("used")
    def close(self): pass
"""
CONST = """
class _Names(type):
    def __getattr__(cls, name): return name
class CurlECode(metaclass=_Names): pass
class CurlOpt(metaclass=_Names): pass
"""

ASK = """
import json, sys
from yt_dlp.networking import Request
from yt_dlp.networking.impersonate import ImpersonateTarget
{build}
asked = {{"installed": "curl_cffi" in sys.modules, "handlers": sorted(ydl._request_director.handlers)}}
for clothes in (None, ImpersonateTarget("chrome")):
    try:
        answer = ydl.urlopen(Request({url!r}, extensions={{"impersonate": clothes}} if clothes else {{}}))
        asked[str(clothes)] = answer.status
    except Exception as error:
        asked[str(clothes)] = type(error).__name__
print(json.dumps(asked))
"""
PLAIN = "from yt_dlp import YoutubeDL; ydl = YoutubeDL({'quiet': True})"
TRANSFER = "from aniworld.transfer.fetchers.ytdlp import GuardedYoutubeDL; ydl = GuardedYoutubeDL({'quiet': True})"
PLAYLIST = "from aniworld.providers.catalogues.playlists.child import _downloader; ydl = _downloader({'quiet': True})"
FEED = Answer(
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Nebel</title>'
    "<item><title>Folge 1</title><link>http://example.org/1</link></item></channel></rss>",
    headers={"Content-Type": "application/rss+xml"},
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    package = tmp_path / "site" / "curl_cffi"
    package.mkdir(parents=True)
    for name, text in (("__init__", PACKAGE), ("requests", REQUESTS), ("const", CONST)):
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path / "site"


def used(installed: Path) -> str:
    file = installed / "used.txt"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def child(installed: Path, code: str, stdin: str = "") -> dict[str, Any]:
    code = f"import sys; sys.path[:0] = [{str(installed)!r}, {str(ROOT)!r}]\n{code}"
    done = subprocess.run([sys.executable, "-c", code], input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_yt_dlp_alone_would_use_it(installed: Path) -> None:
    """What the other tests hold against: the package is one that yt-dlp takes."""
    with LoopbackSite({"/": Answer("page")}) as site:
        asked = child(installed, ASK.format(build=PLAIN, url=site.url + "/"))
    assert "CurlCFFI" in asked["handlers"]
    assert "as chrome" in used(installed)


@pytest.mark.parametrize("build", [TRANSFER, PLAYLIST], ids=["transfer", "playlist"])
def test_ours_is_not_offered_it_and_asks_as_itself(installed: Path, build: str) -> None:
    with LoopbackSite({"/": Answer("page")}) as site:
        asked = child(installed, ASK.format(build=build, url=site.url + "/"))
        paths = [one.path for one in site.asked]
    assert asked["installed"] is True
    assert set(asked["handlers"]) <= {"Urllib", "Requests", "Websockets"} and "Urllib" in asked["handlers"]
    assert (asked["None"], paths) == (200, ["/"])
    assert asked["chrome"] != 200
    assert used(installed) == ""


def test_a_list_is_read_without_it_from_beginning_to_end(installed: Path) -> None:
    code = "from aniworld.providers.catalogues.playlists.child import run; run()"
    with LoopbackSite({"/feed.xml": FEED}) as site:
        wish = {
            "url": f"{site.url}/feed.xml",
            "private_hosts": ["127.0.0.1"],
            "user_agent": "Aniworld",
            "timeout_s": 60,
            "most": 5,
        }
        told = child(installed, code, json.dumps(wish) + "\n")
    assert told["list"]["title"] == "Nebel", told
    assert used(installed) == ""


def test_no_other_place_builds_a_downloader_of_yt_dlp() -> None:
    calls = {
        f"{path.relative_to(ROOT)}: {ast.unparse(node.func)}"
        for path in (ROOT / "aniworld").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("YoutubeDL")
    }
    assert calls == {
        "aniworld/providers/catalogues/playlists/child.py: GuardedYoutubeDL",
        "aniworld/transfer/fetchers/ytdlp.py: GuardedYoutubeDL",
    }
