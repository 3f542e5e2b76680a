"""What the environment says, read once at start. The table stands in docs/api.md."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from environs import Env, EnvError, ValidationError

from aniworld.core.addresses import check_url
from aniworld.core.errors import AddressRefused, InvalidInput

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Environment:
    """``hosts`` and ``origins``: names that this server answers to, and foreign origins that may open sockets.

    ``redis_url``: several processes work as one. ``secret_key``: what they sign with, over the instance's own secret.
    ``worker``: this worker's name in a cluster; ``lease_s``: seconds for which it holds an item without a sign of life.

    ``secure_cookies``: cookies go over https only. ``metrics``: ``/metrics`` answers. Values with secrets are not shown
    by ``repr``.
    """

    instance: Path = Path("instance")
    master_password: str | None = field(default=None, repr=False)
    library: str = ""
    catalogue_url: str = ""
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    worker: str = ""
    lease_s: float = 30.0
    private_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    secure_cookies: bool = False
    metrics: bool = False

    @property
    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite:///{self.instance.absolute() / 'aniworld.db'}"

    @classmethod
    def read(cls, instance: str | Path | None = None) -> Environment:
        """The environment of this process; ``instance`` goes over ``ANIWORLD_INSTANCE``. Raises InvalidInput."""
        env = Env(prefix="ANIWORLD_")
        try:
            return cls(
                instance=Path(instance or env.str("INSTANCE", "") or "instance").expanduser().absolute(),
                master_password=env.str("MASTER_PASSWORD", None) or None,
                library=_folder(env.str("LIBRARY", "")),
                catalogue_url=_address(env.str("CATALOGUE_URL", "").strip().rstrip("/")),
                database_url=env.str("DATABASE_URL", "").strip(),
                redis_url=env.str("REDIS_URL", "").strip(),
                secret_key=env.str("SECRET_KEY", "").strip(),
                worker=env.str("WORKER", "").strip(),
                lease_s=env.float("LEASE_S", 30.0, validate=_lease),
                private_hosts=_words(env.str("PRIVATE_HOSTS", "")),
                trusted_proxies=networks(env.str("TRUSTED_PROXIES", "")),
                hosts=tuple(word.lower() for word in _words(env.str("HOSTS", ""))),
                origins=tuple(word.lower().rstrip("/") for word in _words(env.str("ORIGINS", ""))),
                secure_cookies=env.bool("SECURE_COOKIES", False),
                metrics=env.bool("METRICS", False),
            )
        except EnvError as error:
            raise InvalidInput(f"The environment is not understood: {error}") from error


def networks(text: str) -> tuple[Network, ...]:
    """The networks that a comma-separated text names; a single address is a network of one. Raises InvalidInput."""
    try:
        return tuple(ipaddress.ip_network(word, strict=False) for word in _words(text))
    except ValueError as error:
        raise InvalidInput(f"ANIWORLD_TRUSTED_PROXIES names networks such as 10.0.0.0/8: {error}.") from error


def _address(text: str) -> str:
    """``text``, the address of a site or empty. Raises InvalidInput."""
    if text:
        try:
            check_url(text)
        except AddressRefused as error:
            raise InvalidInput(f"ANIWORLD_CATALOGUE_URL is no address like https://aniworld.to: {error}") from error
    return text


def _lease(seconds: float) -> None:
    if not 2 <= seconds <= 3600:
        raise ValidationError("ANIWORLD_LEASE_S is a number of seconds from 2 to 3600")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _folder(text: str) -> str:
    """As it is written: a folder's name may begin or end with a space. Nothing but space is no folder."""
    return text if text.strip() else ""
