"""The secret that everything is signed with, and what must not be guessed: session ids, API keys, the setup token."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from aniworld.config.instance import check_is_file, instance_errors, make_folder
from aniworld.config.store import write_private
from aniworld.core.errors import InvalidInput

SECRET_BYTES, SHORTEST = 64, 32
KEY_PREFIX = "aw_"


def read_secret(instance: Path, given: str = "") -> bytes:
    """The secret that was ``given`` (by the environment), else the instance's, made at the first start; 0600 in a
    folder of 0700. Raises InvalidInput if it is too short, StorageError if
    it cannot be read."""
    if given:
        return _long_enough(given)
    path = instance / "secret_key"
    make_folder(instance)
    check_is_file(path)
    with instance_errors(instance):
        instance.chmod(0o700)
        if not path.exists():
            write_private(path, secrets.token_bytes(SECRET_BYTES))
        path.chmod(0o600)
        secret = path.read_bytes()
    if len(secret) < SHORTEST:
        raise InvalidInput(f"{path} is too short to be a secret; delete it and start again (everyone signs in anew).")
    return secret


def _long_enough(given: str) -> bytes:
    if len(given.encode()) < SHORTEST:
        raise InvalidInput(
            f"ANIWORLD_SECRET_KEY is too short to be a secret; give it {SHORTEST} random characters or more, for "
            "instance of: python -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return given.encode()


def derived(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose, so that a token of one kind is never one of another."""
    return hmac.digest(secret, f"aniworld:{purpose}".encode(), "sha256")


def setup_token(shared_secret: bytes | None) -> str:
    """What proves the right to set the first password. With a secret that several processes share it is the same at
    all of them: a balancer leads a visitor to any, and each log shows it."""
    return secrets.token_urlsafe(16) if shared_secret is None else derived(shared_secret, "setup token").hex()[:32]


def new_session_id() -> str:
    return secrets.token_hex(16)


def new_api_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(32)


def is_api_key(text: str) -> bool:
    return text.startswith(KEY_PREFIX)


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
