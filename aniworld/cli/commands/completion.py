"""completion, help: the command line explains itself."""

from __future__ import annotations

import shlex
import sys

import click
from click.shell_completion import get_completion_class

NAME, VARIABLE = "aniworld", "_ANIWORLD_COMPLETE"
SHELLS = ("bash", "zsh", "fish")
_NOT_FOUND = "    (( ! $+commands[aniworld] )) && return 1\n"
_FUNCTION = {
    "bash": 'type aniworld >/dev/null 2>&1 || aniworld() {{ {command} "$@"; }}\n',
    "zsh": '(( $+commands[aniworld] )) || aniworld() {{ {command} "$@"; }}\n',
    "fish": "type -q aniworld; or function aniworld; {command} $argv; end\n",
}


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options, series and settings of ``aniworld``.

    It also gives this program the name ``aniworld`` in that shell, where nothing else has it.
    """
    click.echo(script(shell, f"{shlex.quote(sys.executable)} -m aniworld"))


def script(shell: str, command: str) -> str:
    """The shell's program, which asks ``command`` when Tab is pressed."""
    kind = get_completion_class(shell)
    assert kind is not None, "SHELLS are those that click knows"
    source = kind(click.Command(NAME), {}, NAME, VARIABLE).source()
    source = source.replace(_NOT_FOUND, "")
    for asked in (f"{shell}_complete $1", f"{shell}_complete {NAME}"):
        source = source.replace(asked, f"{shell}_complete {command}")
    source = source.replace(f"(commandline -t) {NAME})", f"(commandline -t) {command})")
    return _FUNCTION[shell].format(command=command) + source


@click.command("help")
@click.argument("words", nargs=-1, metavar="[COMMAND]…")
@click.pass_context
def explain(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Explain a COMMAND in full: what it does, how it is called, examples."""
    from aniworld.cli.manual import page_of  # the texts of all commands

    assert ctx.parent is not None
    click.echo(page_of(ctx.parent, words))
