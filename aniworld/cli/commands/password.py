"""password: set the master password at first, or change it, on the instance itself."""

from __future__ import annotations

import sys

import click

from aniworld.cli.opening import opened
from aniworld.cli.output import emit, prints, say
from aniworld.core.errors import InvalidInput

LONGEST = 1024


@click.command()
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from standard input, its first line.")
@click.option("--disable-totp", is_flag=True, help="Turn the second factor off; the password stays as it is.")
@prints
def password(from_stdin: bool, disable_totp: bool, as_json: bool) -> None:
    """Set or change the master password. Whoever may run this owns the instance, so the old one is not asked for.

    Every open session ends.
    """
    if disable_totp:
        _disable_totp(as_json)
        return
    chosen = _read() if from_stdin else _asked()
    with opened() as services:
        first = not services.auth.configured()
        services.auth.set_password(chosen)
    emit({"configured": True, "first": first}) if as_json else say(
        "The password is set." if first else "The password is changed; every session has ended."
    )


def _disable_totp(as_json: bool) -> None:
    with opened() as services:
        services.auth.disable_second_factor()
    emit({"totp": False}) if as_json else say("The second factor is off; the password alone signs in.")


def _read() -> str:
    try:
        return sys.stdin.readline(LONGEST + 3).rstrip("\r\n")
    except UnicodeDecodeError:
        raise InvalidInput("The password is no valid text.") from None


def _asked() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask at; use --stdin.")
    chosen: str = click.prompt("New password", hide_input=True, confirmation_prompt="Once more", err=True)
    return chosen
