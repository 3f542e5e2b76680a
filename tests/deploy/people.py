"""Who a test can act as. As root it can become anybody; as anybody else it is only itself, or root in a namespace of
its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.deploy.reading import ROOT

IS_ROOT = os.geteuid() == 0
STRANGER = 12345  # a user that no machine has


def as_root(command: list[str]) -> list[str]:
    """``command`` as user 0, by a user namespace where the test itself is not root; the test is left out where there is
    none.
    """
    if not IS_ROOT and not _may_be_root_in_a_namespace():
        pytest.skip("this user may not be root in a user namespace of its own")
    return command if IS_ROOT else ["unshare", "--map-root-user", "--", *command]


@cache
def _may_be_root_in_a_namespace() -> bool:
    try:
        return subprocess.run(["unshare", "--map-root-user", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def unprivileged(command: list[str]) -> list[str]:
    """``command`` as a user who may do nothing special."""
    return (
        ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", "--", *command]
        if IS_ROOT
        else command
    )


@cache
def strangers_may_read_the_program() -> bool:
    """Whether another user could run this checkout: a home folder may be closed to others.

    Asked through a shell: setpriv itself would still find the interpreter with root's rights.
    """
    look = ["sh", "-c", 'exec "$0" -c "import gunicorn, aniworld"', sys.executable]
    return subprocess.run(unprivileged(look), cwd=ROOT, capture_output=True).returncode == 0


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own is closed to all but its owner."""
    made = Path(tempfile.mkdtemp(prefix="aniworld-deploy-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        for folder in (one for one in made.glob("*") if one.is_dir() and one.stat().st_uid == os.geteuid()):
            folder.chmod(0o755)  # a test may have closed it
        shutil.rmtree(made)
