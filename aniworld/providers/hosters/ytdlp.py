"""The hoster for every page that yt-dlp has an extractor for.

yt-dlp takes 45 MB and a third of a second: the server never loads it. A child asks its extractors once for each
address, and the transfer's own process does the rest.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
import threading
from collections import OrderedDict
from urllib.parse import urlsplit

from aniworld.core.addresses import check_url
from aniworld.core.children import bare_environment
from aniworld.core.errors import HosterUnsupported
from aniworld.core.media import Stream, StreamKind
from aniworld.providers.fetch.client import Gate
from aniworld.providers.plugin_api.base import Hoster

ADDRESSES_REMEMBERED = 256
ASKING_S = 20.0

_ASK = """
import json, sys
from yt_dlp.extractor import gen_extractor_classes
url = sys.stdin.read()
found = next((e.ie_key() for e in gen_extractor_classes() if e.suitable(url) and e.ie_key() != "Generic"), None)
print(json.dumps(found))
"""


class YtDlp(Hoster):
    name = "yt-dlp"
    priority = -100

    def __init__(self, gate: Gate) -> None:
        super().__init__(gate)
        self._lock = threading.Lock()
        self._known: OrderedDict[str, bool] = OrderedDict()

    def claims(self, url: str) -> bool:
        """Whether yt-dlp has an extractor of its own for the address; the generic one does not count."""
        if is_number(urlsplit(url).hostname or ""):
            return False
        place = url[:500]
        with self._lock:
            if place in self._known:
                return self._known[place]
        known = ask_extractors(url) is not None
        with self._lock:
            self._known[place] = known
            while len(self._known) > ADDRESSES_REMEMBERED:
                self._known.popitem(last=False)
        return known

    def stream(self, url: str, *, referer: str, quality: str = "best") -> Stream:
        check_url(url)
        if not self.claims(url):
            raise HosterUnsupported(
                f"yt-dlp has no extractor for {urlsplit(url).hostname}; another hoster has to be used."
            )
        headers = {"Referer": referer} if referer else {}
        return Stream(StreamKind.PAGE, url, headers)


def is_number(host: str) -> bool:
    """Whether a host is a bare IP address: no extractor is made for one, so the child need not be asked."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or not host
    return True


def ask_extractors(url: str) -> str | None:
    """The name of the extractor that is made for ``url``; None where there is none or yt-dlp does not answer."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _ASK],
            input=url,
            capture_output=True,
            text=True,
            timeout=ASKING_S,
            check=False,
            env=bare_environment(),
        )
        found = json.loads(done.stdout or "null")
    except (subprocess.SubprocessError, OSError, ValueError):
        return None
    return found if isinstance(found, str) else None
