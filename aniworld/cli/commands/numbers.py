"""numbers: specials and entries under numbers of one's own."""

from __future__ import annotations

import click

from aniworld.cli.opening import opened
from aniworld.cli.output import emit, prints, say, show
from aniworld.core.media import SPECIALS, EpisodeNumber
from aniworld.core.specials import in_library
from aniworld.services.renumbering.views import RenumberedEpisode
from aniworld.services.series.views import AnimeDetail


@click.group()
def numbers() -> None:
    """Give specials, films and entries of playlists numbers of your own. Files keep their names until: rename KEY"""


@numbers.command("list")
@click.argument("key")
@prints
def list_numbers(key: str, as_json: bool) -> None:
    """List the episodes of the series KEY: the catalogue's number, the library's, title and link."""
    with opened() as services:
        detail = services.anime.detail(key)
    rows = [
        (place.code, in_library(place, detail.specials).code, one.title or one.title_en, one.link)
        for one in detail.episodes
        if (place := EpisodeNumber(one.season, one.episode))
    ]
    mapping = {"specials": detail.specials, "numbering": detail.numbering}
    show(as_json, mapping, ("Catalogue", "Library", "Title", "Link"), rows, "No episode is known.")


@numbers.command()
@click.argument("key")
@click.argument("pairs", nargs=-1, required=True, metavar="NUMBER=NUMBER...")
@prints
def special(key: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """The catalogue's special or film stands under another number: 2=5 makes film 2 of KEY S00E05.

    Two cannot have one number; to swap them say both: 2=5 5=2.
    """
    with opened() as services:
        detail = services.anime.detail(key)
        _done(services.anime.change(key, specials=_present(detail) | dict(map(_pair, pairs))), as_json)


@numbers.command()
@click.argument("key")
@click.argument("link")
@click.argument("code")
@prints
def entry(key: str, link: str, code: str, as_json: bool) -> None:
    """The entry of KEY at LINK is the episode CODE (S02E01), or is left out with CODE -."""
    with opened() as services:
        numbering = dict(services.anime.detail(key).numbering) | {link: None if code == "-" else code}
        _done(services.anime.change(key, numbering=numbering), as_json)


@numbers.command()
@click.argument("key")
@click.option("--apply", "decision", flag_value="apply", help="Files count as what the catalogue lists now.")
@click.option(
    "--keep", "decision", flag_value="keep", help="Files stay what they are; the catalogue's page is read so."
)
@prints
def renumbering(key: str, decision: str | None, as_json: bool) -> None:
    """Show where the catalogue renumbered the series KEY, the library's numbers and the catalogue's side by side."""
    with opened() as services:
        if decision:
            services.renumbering.decide(key, decision)
        found = services.anime.detail(key).renumbering
    if decision and not as_json:
        say("The catalogue's numbers count" if decision == "apply" else "The library's numbers count")
        return
    rows = [
        (EpisodeNumber(one.season, one.episode).code, one.title, one.file or "", _new_code(one), one.new_title)
        for one in (found.episodes if found else ())
    ]
    rows += [
        ("", "", "", EpisodeNumber(one.season, one.episode).code, one.title) for one in (found.added if found else ())
    ]
    headings = ("Library", "Title", "File", "Catalogue", "Title there")
    show(as_json, found, headings, rows, "The catalogue's numbers are those of the library.")


def _new_code(one: RenumberedEpisode) -> str:
    return (
        EpisodeNumber(one.new_season, one.new_episode).code if one.new_season is not None and one.new_episode else "-"
    )


@numbers.command()
@click.argument("key")
@prints
def reset(key: str, as_json: bool) -> None:
    """Every number of KEY is the catalogue's again."""
    with opened() as services:
        _done(services.anime.change(key, specials={}, numbering={}), as_json)


def _present(detail: AnimeDetail) -> dict[str, int]:
    """Where each special stands now; said in full, so that a number is never taken from another unseen."""
    places = (EpisodeNumber(one.season, one.episode) for one in detail.episodes if one.season == SPECIALS)
    return {str(place.episode): in_library(place, detail.specials).episode for place in places}


def _pair(text: str) -> tuple[str, int]:
    one, sign, other = text.partition("=")
    if not sign or not one.isdecimal() or not other.isdecimal():
        raise click.UsageError(f"{text!r} is no pair of numbers; write 2=5.")
    return str(int(one)), int(other)


def _done(detail: AnimeDetail, as_json: bool) -> None:
    if as_json:
        emit({"specials": detail.specials, "numbering": detail.numbering})
        return
    own = [f"S00E{int(one):02d} is S00E{other:02d}" for one, other in detail.specials.items()]
    own += [f"{link} is {code or 'left out'}" for link, code in detail.numbering.items()]
    say("; ".join(own) or "Every number is the catalogue's")
    say(f"Files that are there keep their names until: rename {detail.key}")
