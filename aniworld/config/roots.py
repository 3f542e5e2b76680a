"""Which folders may be the library: none of the application's own, none of the system's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import aniworld

_SYSTEM = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/sbin",
    "/sys",
    "/usr",
    "/run",
    "/var/cache",
    "/var/lib/apt",
    "/var/lib/dpkg",
    "/var/lib/docker",
    "/var/lib/systemd",
    "/var/log",
    "/var/run",
    "/var/spool",
    "/var/backups",
    "/var/mail",
    "/nix",
    "/snap",
    "/System",
    "/Library",
    "/private/etc",
    "/private/var/db",
    "C:\\Windows",
    "C:\\Program Files",
    "C:\\Program Files (x86)",
    "C:\\ProgramData",
)
_CHECKOUT = (".ci", ".git", "benchmarks", "deploy", "docs", "migrations", "tests", "tools")
_OF_A_HOME = (".ssh", ".gnupg", ".config", ".local/bin", ".local/lib")  # what programs there read and run
_MOUNTS = ("/run/media", "/run/mount")  # where desktops put what is plugged in


def trouble_with_root(text: str, instance: Path) -> str | None:
    """One sentence why ``text`` cannot be the library root; None when it can. Nothing is created."""
    if "\0" in text or any(ord(char) < 32 for char in text):
        return "The folder's name holds control characters."
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        return "There is no home folder of this name; write the full path of the folder."
    if not path.is_absolute():
        return "Write the full path of the folder, beginning at the root of the file system."
    try:
        return _trouble(Path(os.path.realpath(path)), instance)
    except (OSError, ValueError):
        return "This path cannot be read; check that it exists and may be opened."


def trouble_with_link_root(text: str, instance: Path) -> str | None:
    """One sentence why links in the library may not lead into ``text``; None when they may."""
    trouble = trouble_with_root(text, instance)
    if trouble is None and not Path(text).expanduser().is_dir():
        return "This folder is not there; is its disk connected?"
    return trouble


def make_root(text: str) -> None:
    """The folder stands. Raises OSError."""
    Path(text).expanduser().mkdir(parents=True, exist_ok=True)


def _trouble(real: Path, instance: Path) -> str | None:
    if _touches(real, map(Path, _SYSTEM)) and not any(_inside(real, Path(mount)) for mount in _MOUNTS):
        return "This is a folder of the system, or contains one; choose a folder of its own for the library."
    if _touches(real, _own_folders(instance)):
        return "The library may not lie in the application's own folders, nor contain them; choose another folder."
    if any(_inside(real, Path(os.path.realpath(os.path.expanduser(f"~/{name}")))) for name in _OF_A_HOME):
        return "This folder belongs to the programs of a user; choose a folder of its own for the library."
    if real.exists() and not real.is_dir():
        return "This is a file, not a folder."
    standing = next(parent for parent in (real, *real.parents) if parent.exists())
    if not os.access(standing, os.W_OK | os.X_OK):
        return f"The application may not write to {standing}; change its permissions or choose another folder."
    return None


def _own_folders(instance: Path) -> Iterable[Path]:
    package = Path(aniworld.__file__).parent
    yield instance
    yield package
    checkout = package.parent
    if (checkout / "wsgi.py").exists():
        yield from (checkout / name for name in _CHECKOUT)
    else:
        yield checkout  # the folder of all installed packages
    yield from map(Path, {sys.prefix, sys.base_prefix})


def _touches(path: Path, others: Iterable[Path]) -> bool:
    resolved = [Path(os.path.realpath(other)) for other in others]
    return any(_inside(path, other) or _inside(other, path) for other in resolved)


def _inside(path: Path, root: Path) -> bool:
    try:
        return os.path.commonpath([path, root]) == str(root)
    except ValueError:  # another drive
        return False
