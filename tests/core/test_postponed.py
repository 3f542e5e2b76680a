"""A module that a library imports without need is not loaded until somebody uses it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aniworld.core.postponed import left_out, postponed

NAME = "sndhdr_of_the_test"


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / f"{NAME}.py").write_text("greeting = 'hello'\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield NAME
    sys.modules.pop(NAME, None)


def _import(name: str):
    return __import__(name)


def test_a_postponed_module_loads_at_its_first_use(module):
    with postponed(module):
        standing_in = _import(module)
    assert module not in sys.modules
    assert standing_in.greeting == "hello"
    assert _import(module).greeting == "hello"


def test_whoever_imports_it_later_gets_the_real_one(module):
    with postponed(module):
        pass
    assert _import(module).__file__


def test_a_loaded_module_is_left_alone(module):
    real = _import(module)
    with postponed(module):
        assert _import(module) is real
    assert sys.modules[module] is real


def test_one_that_is_not_installed_fails_when_used():
    with postponed("not_installed_anywhere"):
        missing = _import("not_installed_anywhere")
    with pytest.raises(ModuleNotFoundError):
        missing.anything  # noqa: B018


def test_what_is_left_out_is_not_there_in_the_block_and_there_after_it(module):
    with left_out(module, "json"):
        with pytest.raises(ModuleNotFoundError):
            _import(module)
        assert _import("json").loads("1") == 1, "what is loaded already stays"
    assert _import(module)


def test_the_web_starts_without_what_only_clients_and_message_queues_need():
    code = (
        "import aniworld.web.http.extensions, sys\n"
        "print(sorted({'requests', 'urllib3', 'websocket', 'redis', 'kombu'} & set(sys.modules)))\n"
        "import redis, redis.exceptions"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_token_is_made_and_read_without_the_key_pairs_that_nobody_uses():
    code = (
        "import sys\n"
        "from datetime import UTC, datetime, timedelta\n"
        "from aniworld.services.access.tokens import Tokens, new_session_id\n"
        "now, session, tokens = datetime.now(UTC), new_session_id(), Tokens(b'x' * 64)\n"
        "assert tokens.session_id(tokens.issue(session, now, now + timedelta(hours=1))) == session\n"
        "print(sorted(name for name in sys.modules if name.startswith('cryptography')))\n"
        "from cryptography.fernet import Fernet  # of the second factor"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
