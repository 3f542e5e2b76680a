"""MediaServerService: Jellyfin, Plex or Kodi hear of new episodes. See docs/decisions/0071 for what it may reach."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from aniworld.config.settings import MediaServerSettings, Settings
from aniworld.core.addresses import AddressRule, check_url, is_public
from aniworld.core.errors import AniworldError, InvalidInput
from aniworld.core.events import DownloadComplete, Event, EventBus
from aniworld.providers.fetch.client import Gate
from aniworld.services.notifications.batcher import Batches
from aniworld.services.notifications.media_server_clients import KINDS, Line, MediaServer
from aniworld.services.notifications.views import Trial

log = logging.getLogger(__name__)

SETTLE_S = 10.0
TIMEOUT_S = 5.0
ANSWER_BYTES = 1024 * 1024

_HOME = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")
)
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*")
_LOW_PORTS = frozenset({80, 443})


@dataclass(frozen=True)
class OneServerRule(AddressRule):
    """One host and port only, wherever it is in the open internet or at home. Never link-local, multicast and the like,
    unless ANIWORLD_PRIVATE_HOSTS names it."""

    host: str = ""
    port: int = 0

    def allows(self, host: str, address: str, port: int) -> bool:
        if (host.lower(), port) != (self.host, self.port):
            return False
        return is_public(address) or _is_home(address) or super().allows(host, address, port)


class MediaServerService:
    """``start`` begins to listen, ``stop`` ends it; each may be called twice.

    Episodes that come within ``settle_s`` are told together. A server that does not answer is logged and not asked
    again for these: it finds them with its own next scan.
    """

    def __init__(
        self,
        bus: EventBus,
        settings: Callable[[], Settings],
        *,
        user_agent: str,
        private_hosts: Iterable[str] = (),
        settle_s: float = SETTLE_S,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._user_agent = user_agent
        self._private = AddressRule.of(private_hosts).exceptions
        self._timeout_s = timeout_s
        self._batches: Batches[str] = Batches(self._tell, name="Media server", settle_s=settle_s)
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        if self._unsubscribe is None:
            self._unsubscribe = self._bus.subscribe(self.hear)

    def stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._batches.stop()

    def hear(self, event: Event) -> None:
        """Takes a finished episode over, if a media server is set. Does not wait."""
        if isinstance(event, DownloadComplete) and self._settings().media_server.kind != "none":
            self._batches.put(event.file)

    def test(self) -> Trial:
        """Whether the configured media server answers and takes the token. Raises InvalidInput when none is set."""
        chosen = self._settings().media_server
        if chosen.kind == "none":
            raise InvalidInput(
                "No media server is set; choose one first.", {"media_server.kind": ["Choose one first."]}
            )
        name = KINDS[chosen.kind].name
        try:
            self._ask(chosen, lambda server: server.greet())
        except AniworldError as error:
            return Trial(name, False, str(error))
        return Trial(name, True, f"{name} answers and takes the token.")

    def _tell(self, files: Sequence[str]) -> None:
        settings = self._settings()
        chosen = settings.media_server
        if chosen.kind == "none":
            return
        root = chosen.library_path or settings.library.root
        paths = [PurePosixPath(root) / file for file in dict.fromkeys(files)]
        try:
            self._ask(chosen, lambda server: server.tell(paths))
        except AniworldError as error:
            log.warning("%s was not told of new episodes (%d): %s", KINDS[chosen.kind].name, len(paths), error)

    def _ask(self, chosen: MediaServerSettings, question: Callable[[MediaServer], None]) -> None:
        base, host, port = server_address(chosen.url)
        rule = OneServerRule(self._private, host, port)
        gate = Gate(
            rule=rule,
            user_agent=self._user_agent,
            requests_per_second=0,
            timeout_s=self._timeout_s,
            max_bytes=ANSWER_BYTES,
        )
        kind = KINDS[chosen.kind]
        try:
            question(kind(Line(gate, kind.name, base), _token(chosen.token), mapped=bool(chosen.library_path)))
        finally:
            gate.close()


def server_address(url: str) -> tuple[str, str, int]:
    """The address without a slash at its end, its host and its port. Raises InvalidInput.

    Nothing that could bend the fixed paths behind it: no query, no fragment, no dots, no low port but 80 and 443.
    """
    try:
        host, port = check_url(url)
        parts = urlsplit(url)
    except AniworldError as error:
        raise _no_address(str(error)) from None
    prefix = parts.path.rstrip("/")
    if parts.query or parts.fragment or "?" in url or "#" in url or not _PREFIX.fullmatch(prefix):
        raise _no_address("The media server's address is its plain address, like http://192.168.1.5:8096.")
    if port < 1024 and port not in _LOW_PORTS:
        raise _no_address(f"No media server is asked at port {port}; it is at 80, 443, or above 1023.")
    return f"{parts.scheme}://{parts.netloc}{prefix}", host.lower(), port


def _no_address(message: str) -> InvalidInput:
    return InvalidInput(message, {"media_server.url": [message]})


def _token(token: str) -> str:
    if not token.isascii() or any(ord(char) <= 32 or char == '"' for char in token):
        message = "The token has characters that no token has; copy it again."
        raise InvalidInput(message, {"media_server.token": [message]})
    return token


def _is_home(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in _HOME)
