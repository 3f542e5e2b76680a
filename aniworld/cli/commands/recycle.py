"""recycle: what was removed or replaced, and its way back."""

from __future__ import annotations

import click

from aniworld.cli.opening import opened
from aniworld.cli.output import emit, prints, say, show, size_text

HEADINGS = ("Id", "Removed", "Kept until", "Size", "What", "Why")


@click.group()
def recycle() -> None:
    """Look into the recycle bin and bring things back."""


@recycle.command("list")
@prints
def list_items(as_json: bool) -> None:
    """List what can be brought back, newest first."""
    with opened() as services:
        items = services.recycling.list()
    rows = [
        (
            one.id,
            f"{one.removed_at:%Y-%m-%d %H:%M}",
            f"{one.expires_at:%Y-%m-%d}" if one.expires_at else "",
            size_text(one.size_bytes),
            one.path,
            "damaged: it cannot be restored" if one.damaged else one.reason,
        )
        for one in items
    ]
    show(as_json, items, HEADINGS, rows, "The recycle bin is empty.")


@recycle.command("restore")
@click.argument("ids", nargs=-1, required=True)
@prints
def restore(ids: tuple[str, ...], as_json: bool) -> None:
    """Bring the entries IDS back to their places, or beside them where those are taken."""
    with opened() as services:
        restored = [services.recycling.restore(each) for each in ids]
    if as_json:
        emit(restored)
        return
    for one in restored:
        say(f"{one.path} is back" + (f" ({' '.join(one.episodes)})" if one.episodes else ""))
        if one.series_restored:
            say(f"The series {one.key} is in the library again")


@recycle.command("remove")
@click.argument("ids", nargs=-1, required=True)
@prints
def remove(ids: tuple[str, ...], as_json: bool) -> None:
    """Delete the entries IDS for good."""
    with opened() as services:
        for each in ids:
            services.recycling.remove(each)
            services.audit.record("recycle_removed", each)
    emit({"removed": len(ids)}) if as_json else say(f"{len(ids)} deleted for good")


@recycle.command("empty")
@click.option("--yes", is_flag=True, help="Do not ask.")
@prints
def empty(yes: bool, as_json: bool) -> None:
    """Delete everything in the recycle bin for good."""
    if not yes:
        click.confirm("Delete everything in the recycle bin for good?", abort=True, err=True)
    with opened() as services:
        removed = services.recycling.empty()
        services.audit.record("recycle_emptied")
    emit({"removed": removed}) if as_json else say(f"{removed} deleted for good")
