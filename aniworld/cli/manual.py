"""The manual: for each command its purpose, form, options and examples, from the command itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

EXAMPLES: dict[str, tuple[str, ...]] = {
    "run": ("run", "run --host 0.0.0.0 --port 8080", "run --demo"),
    "demo": ("demo", "demo --port 8000 --fresh"),
    "worker": ("worker", "worker --concurrency 4"),
    "search": ("search attack titan", "search nautilus --json", "search lain --source aniworld.to"),
    "add": (
        "add https://aniworld.to/anime/stream/some-series",
        'add https://aniworld.to/anime/stream/some-series --folder "Some Series (2013)"',
        "add playlist:https://example.org/channel",
    ),
    "restore": ("restore some-series",),
    "list": ("list", "list --missing", "list titan --json"),
    "scan": ("scan", "scan some-series other-series"),
    "folders": ("folders list", 'folders match "Some Folder" some-series', 'folders ignore "Home videos"'),
    "download": (
        "download some-series missing",
        "download some-series S01E01-E03 --language ger-sub",
        "download some-series S02 --priority low",
    ),
    "queue": (
        "queue list --status failed",
        "queue add some-series S01E01 S01E02",
        "queue pause --minutes 30",
        "queue move 3f2a --position 0",
        "queue retry",
    ),
    "rename": ("rename --dry-run", "rename some-series"),
    "recycle": ("recycle list", "recycle restore 20260314T201500-5f0c7a9be1d24c68", "recycle empty --yes"),
    "config": ("config get download.concurrency", "config set download.concurrency 5", "config show --json"),
    "backup": (
        "backup create --to /mnt/usb/aniworld.zip",
        "backup verify /mnt/usb/aniworld.zip",
        "backup restore /mnt/usb/aniworld.zip",
    ),
    "calendar": ("calendar list", "calendar allow", "calendar forbid"),
    "numbers": (
        "numbers list some-series",
        "numbers special some-series 2=5",
        "numbers entry some-list https://example.org/watch?v=1 S02E01",
        "numbers reset some-series",
    ),
    "db": (
        "db current",
        "db upgrade",
        "db copy --to postgresql://aniworld:password@db/aniworld --dry-run",
        "db copy --to postgresql://aniworld:password@db/aniworld",
    ),
    "import-legacy": ("import-legacy --dry-run /srv/anime",),
    "password": ("password", "password --stdin", "password --disable-totp"),
    "completion": ("completion bash",),
    "help": ("help queue move",),
}
_CODES = "0 done · 1 failed, with one line on standard error · 2 wrong usage"


def page_of(ctx: click.Context, words: Sequence[str]) -> str:
    """The page of the command that ``words`` name, below that of ``ctx``; of all commands in short without words.

    Raises UsageError for a command that there is not.
    """
    for word in words:
        command = ctx.command.get_command(ctx, word) if isinstance(ctx.command, click.Group) else None
        if command is None:
            raise click.UsageError(f"There is no command {' '.join(words)!r}; see: help", ctx)
        ctx = click.Context(command, parent=ctx, info_name=word)
    parts = [ctx.get_help(), *_examples(words[0] if words else ""), f"Exit codes: {_CODES}"]
    return "\n\n".join(parts)


def pages(ctx: click.Context, words: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every command's words and page, the groups' own commands behind them."""
    group = ctx.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        yield " ".join((*words, name)), click.Context(command, parent=ctx, info_name=name).get_help()
        if isinstance(command, click.Group):
            yield from pages(click.Context(command, parent=ctx, info_name=name), (*words, name))


def _examples(name: str) -> list[str]:
    lines = EXAMPLES.get(name, ())
    return ["Examples:\n" + "\n".join(f"  aniworld {line}" for line in lines)] if lines else []
