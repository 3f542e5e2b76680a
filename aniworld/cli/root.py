"""The commands by name, each loaded when it is called, and the edge where errors become one line and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from aniworld import __version__
from aniworld.cli.output import shown
from aniworld.core.errors import AniworldError

COMMANDS = {
    "run": ("serve:run", "Start the server and print its address."),
    "demo": ("serve:demo", "Start the server on a bundled catalogue of invented series."),
    "worker": ("serve:worker", "Download for a cluster of several machines."),
    "search": ("series:search", "Search the catalogue."),
    "add": ("series:add", "Add a series to the library."),
    "list": ("series:list_series", "List the library's series."),
    "restore": ("series:restore", "Bring a removed series back with its files."),
    "scan": ("series:scan", "Compare the library folder with the catalogue."),
    "calendar": ("calendar:calendar", "See what comes out, and let calendar programs see it."),
    "folders": ("folders:folders", "Say whose folders of no known series are."),
    "download": ("download:download", "Queue episodes and see them through."),
    "queue": ("queue:queue", "Look at the download queue and change it."),
    "rename": ("rename:rename", "Name the files that are there as the template wants it."),
    "numbers": ("numbers:numbers", "Give specials and entries numbers of your own."),
    "recycle": ("recycle:recycle", "Bring back what was removed or replaced."),
    "config": ("config:config", "Look at the settings and change them."),
    "backup": ("backup:backup", "Keep everything but the videos in one file, and bring it back."),
    "db": ("db:db", "Bring the database up to date, or copy it into one of another kind."),
    "import-legacy": ("legacy:import_legacy", "Import what older installations left in series folders."),
    "password": ("password:password", "Set or change the master password."),
    "completion": ("completion:completion", "Let the shell complete what is typed."),
    "help": ("completion:explain", "Explain a command in full, with examples."),
}


class LazyGroup(click.Group):
    """Knows its commands by name; a command's module is loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        found = getattr(importlib.import_module(f"aniworld.cli.commands.{module}"), attribute)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aniworld")
@click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    help="The instance folder. [ANIWORLD_INSTANCE, or ./instance]",
)
def root(instance: Path | None) -> None:
    """Aniworld keeps an anime library complete."""
    if instance is not None:
        os.environ["ANIWORLD_INSTANCE"] = str(instance.expanduser().absolute())


def run(arguments: Sequence[str] | None = None) -> int:
    try:
        done = root.main(
            args=None if arguments is None else list(arguments), prog_name="aniworld", standalone_mode=False
        )
    except click.UsageError as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        return _failed("Stopped.")
    except AniworldError as error:
        return _failed(str(error))
    except click.ClickException as error:
        return _failed(error.format_message())
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the reader has gone; nothing more is to be said
        return 1
    except Exception as error:
        if os.environ.get("ANIWORLD_DEBUG"):
            raise
        return _failed(f"{_unforeseen(error)} (ANIWORLD_DEBUG=1 shows where.)")
    return done if isinstance(done, int) else 0


def _unforeseen(error: Exception) -> str:
    kind = type(error).__name__
    if kind in ("OperationalError", "DatabaseError"):
        return f"The database cannot be used: {getattr(error, 'orig', error)}."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}." if error.filename else f"{error.strerror}."
    return f"Something unforeseen went wrong: {kind}: {error}"


def _failed(message: str) -> int:
    print(f"Error: {shown(' '.join(message.split()))}", file=sys.stderr)
    return 1
