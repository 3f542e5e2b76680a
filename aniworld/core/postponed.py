"""Modules that a library imports at its top, but uses only for what we never do: loaded when first used, so never."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class Postponed(ModuleType):
    """Stands in for a module; the first name that is asked of it loads the real one, which gives that and all others.

    The standard library's LazyLoader does not serve here: up to Python 3.12 a plain ``import`` wakes its modules.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


@contextmanager
def postponed(*names: str) -> Iterator[None]:
    """Whoever imports one of ``names`` inside the block gets a stand-in; after it everyone else gets the real module.

    Modules that are loaded already are left alone. One that is not installed fails at its first use, not here.
    """
    stand_ins = {name: Postponed(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


@contextmanager
def left_out(*names: str) -> Iterator[None]:
    """Whoever tries to import one of ``names`` inside the block goes on without, as if it were not installed.

    For what a library uses where it finds it, and we never ask it to. Modules that are loaded already are left alone.
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            if name in sys.modules and sys.modules[name] is None:
                del sys.modules[name]
