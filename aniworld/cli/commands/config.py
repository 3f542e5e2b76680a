"""config: the settings, their check and their copies."""

from __future__ import annotations

import json
from typing import Any

import click

from aniworld.cli.completing import setting_names
from aniworld.cli.opening import opened, recorded
from aniworld.cli.output import emit, prints, say, show, size_text
from aniworld.core.errors import InvalidInput, NotFound, Unavailable

MAX_BYTES = 1024 * 1024


@click.group()
def config() -> None:
    """Look at the settings and change them. A running server applies changes by itself."""


@config.command("show")
@prints
def show_all(as_json: bool) -> None:
    """Print every setting in force; secrets are masked."""
    with opened() as services:
        settings = services.config.masked()
    rows = [
        (f"{section}.{name}", json.dumps(value, ensure_ascii=False))
        for section, part in settings.items()
        for name, value in part.items()
    ]
    show(as_json, settings, ("Setting", "Value"), rows)


@config.command("get")
@click.argument("name", shell_complete=setting_names)
@prints
def get(name: str, as_json: bool) -> None:
    """Print the setting NAME, e.g. download.concurrency."""
    with opened() as services:
        value: Any = services.config.masked()
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise NotFound(f"There is no setting {name[:80]!r}; see: config show")
        value = value[part]
    emit(value) if as_json or not isinstance(value, str) else say(value)


@config.command("set")
@click.argument("name", shell_complete=setting_names)
@click.argument("value")
@prints
def set_one(name: str, value: str, as_json: bool) -> None:
    """Set NAME to VALUE: a number, true or false, a text, or JSON such as '["ger-dub", "ger-sub"]'."""
    section, _, setting = name.partition(".")
    if not setting:
        raise click.UsageError("NAME is a section and a setting, e.g. download.concurrency.")
    with opened() as services:
        new = _updated(services, {section: {setting: _value(value)}})
    emit(new) if as_json else say(f"{name} is {json.dumps(new[section][setting], ensure_ascii=False)}")


@config.command("validate")
@click.argument("file", type=click.File("rb"))
@prints
def validate(file: Any, as_json: bool) -> None:
    """Check the settings in FILE (JSON; - is stdin) without changing any."""
    part = _json(file.read(MAX_BYTES + 1))
    with opened() as services:
        errors = services.config.validate(part)
    if as_json:
        emit({"valid": not errors, "errors": errors})
    elif not errors:
        say("These settings are valid.")
    if errors:
        raise InvalidInput("Not valid: " + "; ".join(f"{name}: {' '.join(told)}" for name, told in errors.items()))


@click.command("make")
@prints
def make_backup(as_json: bool) -> None:
    """Keep a copy of the settings now."""
    with opened() as services:
        made = services.config.backup()
    emit(made) if as_json else say(f"Kept as {made.name}")


@click.command("list")
@prints
def list_backups(as_json: bool) -> None:
    """List the copies, newest first."""
    with opened() as services:
        backups = services.config.backups()
    rows = [
        (one.name, f"{one.created_at:%Y-%m-%d %H:%M:%S} UTC", size_text(one.size_bytes), one.kind) for one in backups
    ]
    show(as_json, backups, ("Name", "Made", "Size", "Kind"), rows, "There are no copies yet.")


@click.command("restore")
@click.argument("name")
@prints
def restore(name: str, as_json: bool) -> None:
    """Go back to the copy NAME; the settings before are kept as a copy first."""
    with opened() as services, recorded(services, "settings_restored"):
        settings = services.config.restore(name)
    emit(settings) if as_json else say(f"The settings are those of {name} again.")


@config.command("accept-secret")
def accept_secret() -> None:
    """In a cluster, after its secret was changed on purpose: from now on all sign with this one.

    The other processes have to be started again with it. Everyone signs in anew, and second factors are set up anew.
    """
    with opened() as services:
        if services.cluster is None:
            raise Unavailable("Only processes of a cluster compare their secrets, and ANIWORLD_REDIS_URL is not set.")
        services.cluster.accept_secret()
    say("The cluster signs with this secret. Start its other processes again with the same.")


config.add_command(make_backup, "backup")
config.add_command(list_backups, "backups")
config.add_command(restore)


def _updated(services: Any, part: dict[str, Any]) -> dict[str, Any]:
    try:
        with recorded(services, "settings_changed"):
            return dict(services.config.update(part))
    except InvalidInput as error:
        told = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.fields.items())
        raise InvalidInput(told or str(error)) from None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
    except RecursionError:
        raise InvalidInput("This value is nested too deeply.") from None


def _json(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        raise InvalidInput("This file is larger than any configuration.")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise InvalidInput("This file is no JSON.") from None
