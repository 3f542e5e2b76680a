"""Tab completes what is typed, and every command explains itself with examples that work."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from aniworld.cli.commands.completion import SHELLS, script
from aniworld.cli.completing import series_keys, setting_names
from aniworld.cli.manual import EXAMPLES, page_of, pages
from aniworld.cli.root import COMMANDS, root
from aniworld.models import AnimeSeries, Database
from aniworld.models.db import db


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANIWORLD_INSTANCE", str(tmp_path))
    return tmp_path


def keys(begun: str) -> list[str]:
    return [str(one.value) for one in series_keys(click.Context(root), click.Argument(["key"]), begun)]


def test_keys_of_the_library_are_offered(instance: Path) -> None:
    database = Database.at(f"sqlite:///{instance / 'aniworld.db'}")
    db.metadata.create_all(database.engine)
    with database.writing() as session:
        for key in ("one-two", "one-three", "other"):
            session.add(AnimeSeries(key=key, name=key.title(), site="aniworld.to", folder=key))
    database.close()
    assert keys("one") == ["one-three", "one-two"]
    assert keys("%") == []


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_where_there_is_no_library_nothing_is_offered_and_nothing_is_said(
    instance: Path, content: bytes | None
) -> None:
    if content is not None:
        (instance / "aniworld.db").write_bytes(content)
    assert keys("") == []


def test_settings_are_offered_with_what_they_mean() -> None:
    offered = setting_names(click.Context(root), click.Argument(["name"]), "tracking.")
    assert [one.value for one in offered] == ["tracking.enabled", "tracking.interval_hours"]
    assert all(one.help for one in offered)


def test_bash_completes(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash
    program = tmp_path / "completion"
    program.write_text(script("bash", f"{shlex.quote(sys.executable)} -m aniworld"))
    asked = (
        "COMP_WORDS=(aniworld config set download.conc); COMP_CWORD=3; _aniworld_completion aniworld; echo"
        ' "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [bash, "-c", f"source {shlex.quote(str(program))}; {asked}"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert (done.stdout.strip(), done.stderr) == ("download.concurrency", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_asks_this_very_program(shell: str) -> None:
    written = script(shell, "/srv/my\\ venv/python -m aniworld")
    assert written.count("/srv/my\\ venv/python -m aniworld") == 2
    assert f"{shell}_complete aniworld" not in written
    assert "$1)" not in written


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_are_understood(name: str) -> None:
    assert EXAMPLES[name]
    for line in EXAMPLES[name]:
        words = [word if word != "/srv/anime" else "/" for word in shlex.split(line)]
        command: click.Command = root
        ctx = click.Context(root)
        while isinstance(command, click.Group) and words:
            found = command.get_command(ctx, words[0])
            assert found is not None, line
            command, ctx = found, click.Context(found, parent=ctx, info_name=words.pop(0))
        if not isinstance(command, click.Group):
            command.make_context(command.name, words)


def test_the_manual_has_a_page_for_every_command() -> None:
    ctx = click.Context(root, info_name="aniworld")
    named = [words for words, _ in pages(ctx)]
    assert set(COMMANDS) <= set(named)
    assert "queue move" in named
    assert "Examples:" in page_of(ctx, ("queue", "move"))


def test_help_for_a_command_that_there_is_not_is_wrong_usage() -> None:
    with pytest.raises(click.UsageError, match="There is no command"):
        page_of(click.Context(root), ("queue", "nothing"))
