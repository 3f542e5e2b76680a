"""The demo catalogue's pages, built as sites of engine 1 build theirs, with their quirks.

Lazy images (``src`` is a placeholder, a ``noscript`` copy doubles them), the cut description, episode numbers in
``meta``, flags for languages, links to hosters only as ``data-link-target``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from html import escape

from aniworld.demo.facts import DemoEpisode, DemoSeries, Link

FLAGS = {
    "ger-dub": ("german", "Deutsch/German", 1),
    "eng-sub": ("japanese-english", "Mit englischen Untertiteln", 2),
    "ger-sub": ("japanese-german", "Mit deutschen Untertiteln", 3),
    "eng-dub": ("english", "Englisch", 4),
}
_PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
_DAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
NOT_FOUND = "Die gewünschte Serie wurde nicht gefunden oder ist im Moment deaktiviert."


def page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="de"><head><meta charset="utf-8"><title>{escape(title)} | Demokatalog</title>
<meta name="description" content="Erfundene Serien zum Ausprobieren"><link rel="stylesheet" href="/public/css/demo.css">
<script src="https://cdnjs.cloudflare.com/ajax/libs/nothing/1.0/nothing.min.js" async defer></script></head>
<body><header><a href="/">Demokatalog</a> <a href="/animes">Alle Animes</a> <a href="/neue-episoden">Neue Episoden</a>
<a href="/animekalender">Kalender</a> <a href="/beliebte-animes">Beliebt</a></header>
<div id="wrapper"><div class="container">{body}</div></div>
<footer>Alle Serien hier sind erfunden.</footer></body></html>
"""


def not_found() -> str:
    return page("Fehler", f'<div class="messageAlert danger">{NOT_FOUND}</div>')


def series_path(series: DemoSeries) -> str:
    return f"/anime/stream/{series.slug}"


def episode_path(series: DemoSeries, episode: DemoEpisode) -> str:
    place = (
        f"filme/film-{episode.number}" if episode.season == 0 else f"staffel-{episode.season}/episode-{episode.number}"
    )
    return f"{series_path(series)}/{place}"


def cover_path(series: DemoSeries) -> str:
    return f"/public/img/cover/{series.slug}-stream-cover-{series.seed:08x}_150x225.png"


def start(catalogue: Sequence[DemoSeries]) -> str:
    cards = "".join(
        f'<div class="coverListItem"><a href="{series_path(one)}"'
        f' title="{escape(one.title)}">{_lazy(cover_path(one), one.title)}<h3>{escape(one.title)}</h3></a></div>'
        for one in catalogue
    )
    return page("Start", f"<h1>Demokatalog</h1><div class='coverList'>{cards}</div>")


def series(one: DemoSeries, season: int) -> str:
    """The page of one season; a season that does not exist comes without navigation and table, as it does there."""
    if season not in one.seasons:
        return page(one.title, _head(one))
    return page(one.title, _head(one) + f'<div id="stream">{_navigation(one, season)}{_table(one, season)}</div>')


def episode(one: DemoSeries, shown: DemoEpisode, links: Iterable[Link]) -> str:
    title = f"{one.title} {shown.code}"
    heading = (
        f'<div class="hosterSiteTitle" data-episode="{shown.number}" data-season="{shown.season}"><h2>'
        f'<span class="episodeGermanTitle">{escape(shown.title)}</span> '
        f'<small class="episodeEnglishTitle">{escape(shown.title_en)}</small></h2></div>'
    )
    flags = "".join(_language_switch(code) for code in shown.languages)
    hosters = "".join(_hoster(link) for link in links)
    return page(
        title,
        _head(one) + f'<div id="stream">{_navigation(one, shown.season)}{_numbers(one, shown)}</div>{heading}'
        f'<div class="changeLanguageBox">{flags}</div><div class="hosterSiteVideo"><ul class="row">{hosters}</ul>'
        '<div class="inSiteWebStream"><iframe src="about:blank" data-src=""></iframe></div></div>',
    )


def all_titles(catalogue: Sequence[DemoSeries]) -> str:
    genres: dict[str, list[DemoSeries]] = {}
    for one in catalogue:
        genres.setdefault(one.genres[0], []).append(one)
    blocks = "".join(
        f'<div class="genre"><div class="seriesGenreList"><h3>{escape(genre)}</h3></div><ul>'
        + "".join(
            f'<li><a data-alternative-title="{escape(_alternatives(one))}" href="{series_path(one)}" '
            f'title="{escape(one.title)} Stream">{escape(one.title)}</a></li>'
            for one in members
        )
        + "</ul></div>"
        for genre, members in sorted(genres.items())
    )
    return page("Alle Animes", f'<div id="seriesContainer">{blocks}</div>')


def popular(catalogue: Sequence[DemoSeries]) -> str:
    rows = "".join(
        f'<div><a href="{series_path(one)}">{_lazy(cover_path(one), one.title)}<h3>{escape(one.title)}</h3></a></div>'
        for one in catalogue[:6]
    )
    return page("Beliebt", f'<div class="preview rows sevenCols">{rows}</div>')


def new_episodes(catalogue: Sequence[DemoSeries], today: date) -> str:
    """One row for each language, newest first."""
    rows = ""
    for back, (one, shown, code) in enumerate(_latest(catalogue)):
        day = today - timedelta(days=back // 3)
        flag, label, _ = FLAGS[code]
        rows += (
            '<div class="col-md-12"><div class="row"><a'
            f' href="{episode_path(one, shown)}"><strong>{escape(one.title)}</strong><span class="listTag bigListTag'
            f' blue2">S{shown.season:02d} E{shown.number:02d}</span></a><img class="flag" src="{_PIXEL}"'
            f' data-src="/public/img/{flag}.svg" alt="{label}"><span'
            f' class="elementFloatRight">{_DAYS[day.weekday()][:2]}, {day:%d.%m.%Y}</span></div></div>'
        )
    return page("Neue Episoden", f'<div class="newEpisodeList"><div class="rows">{rows}</div></div>')


def calendar(catalogue: Sequence[DemoSeries], today: date) -> str:
    running = [one for one in catalogue if one.year_end is None]
    sections = ""
    for ahead in range(7):
        day = today + timedelta(days=ahead)
        cards = "".join(
            f'<div><a href="{series_path(one)}"><h3'
            f' class="seriesTitle">{escape(one.title)}</h3><small>S{max(one.seasons):02d}E{len(one.of_season(max(one.seasons))) + 1:02d}</small><small>~'
            f" {14 + ahead % 6}:40 Uhr</small></a></div>"
            for one in running
            if one.seed % 7 == ahead
        )
        note = " (heute)" if ahead == 0 else ""
        sections += (
            f'<section class="calendarList"><h3>{_DAYS[day.weekday()]}, {day:%d.%m.%Y}{note}</h3>{cards}</section>'
        )
    return page("Kalender", sections)


def _latest(catalogue: Sequence[DemoSeries]) -> list[tuple[DemoSeries, DemoEpisode, str]]:
    newest = sorted(catalogue, key=lambda one: -one.year)
    every = [(one, shown) for one in newest for shown in reversed(one.episodes) if shown.season]
    return [(one, shown, code) for one, shown in every for code in shown.languages][:24]


def _head(one: DemoSeries) -> str:
    end = (
        f'<a href="/animes/jahr/{one.year_end}">{one.year_end}</a>'
        if one.year_end
        else '<a href="/animes/jahr/heute">Heute</a>'
    )
    genres = "".join(
        '<li><a class="genreButton clearbutton" itemprop="genre"'
        f' href="/genre/{escape(genre.lower())}">{escape(genre)}</a></li>'
        for genre in one.genres
    )
    return f"""<section class="title"><div class="seriesCoverBox">{_lazy(cover_path(one), one.title + ", Cover")}</div>
<div class="series-meta"><div class="series-title"><h1 itemprop="name" title="Animes Stream: {escape(one.title)}"
 data-alternativetitles="{escape(_alternatives(one))}"><span>{escape(one.title)}</span></h1>
<small>(<span itemprop="startDate"><a href="/animes/jahr/{one.year}">{one.year}</a></span> - <span itemprop="endDate">{end}</span>)</small>
<div class="fsk fsk{one.fsk}" data-fsk="{one.fsk}"><span>Empfohlen ab: {one.fsk}</span></div>
<a class="imdb-link" data-imdb="tt{1_000_000 + one.seed % 8_999_999}" href="#">IMDB</a></div>
<p class="seri_des" itemprop="accessibilitySummary" data-description-type="review" data-full-description="{escape(one.description)}">
{escape(one.description[:90])}… <span class="showMore">mehr anzeigen</span></p>
<div class="genres"><ul>{genres}</ul></div></div></section>"""


def _alternatives(one: DemoSeries) -> str:
    return ", ".join((one.title_en, *one.more_titles))


def _navigation(one: DemoSeries, shown: int) -> str:
    items = "".join(
        f'<li><a href="{series_path(one)}/{"filme" if season == 0 else f"staffel-{season}"}"'
        f'{" class=active" if season == shown else ""} title="{"Alle Filme" if season == 0 else f"Staffel {season}"}">'
        f"{'Filme' if season == 0 else season}</a></li>"
        for season in sorted(one.seasons)
    )
    return (
        f'<ul><li><span><strong>Staffeln:</strong></span></li>{items}</ul><meta itemprop="numberOfSeasons"'
        f' content="{len(one.seasons)}">'
    )


def _numbers(one: DemoSeries, shown: DemoEpisode) -> str:
    items = "".join(
        f'<li><a href="{episode_path(one, each)}" data-season-id="{one.seed % 1000}"'
        f' title="{escape(each.title)}">{each.number}</a></li>'
        for each in one.of_season(shown.season)
    )
    return f"<ul><li><span><strong>Episoden:</strong></span></li>{items}</ul>"


def _table(one: DemoSeries, season: int) -> str:
    rows = "".join(_row(one, each) for each in one.of_season(season))
    head = "<thead><tr><th>Folge</th><th>Titel</th><th>Hoster</th><th>Sprache</th></tr></thead>"
    return (
        f'<table class="seasonEpisodesList" data-season-id="{one.seed % 1000}">{head}<tbody'
        f' id="season{season}">{rows}</tbody></table>'
    )


def _row(one: DemoSeries, each: DemoEpisode) -> str:
    link = episode_path(one, each)
    count = f" [Episode {each.absolute:03d}]" if each.absolute else ""
    flags = "".join(
        f'<img class="flag" src="{_PIXEL}" data-src="/public/img/{FLAGS[code][0]}.svg" alt="{FLAGS[code][1]}">'
        for code in each.languages
    )
    labels = dict.fromkeys(copy.label for copy in each.copies)
    icons = "".join(f'<i class="icon {name}" title="{name}"></i>' for name in labels)
    word = "Film" if each.season == 0 else "Folge"
    return f"""<tr data-episode-id="{one.seed % 90_000 + each.season * 100 + each.number}" data-episode-season-id="{each.number}" itemprop="episode" itemscope>
<td class="season{each.season}EpisodeID"><meta itemprop="episodeNumber" content="{each.number}"><a itemprop="url" href="{link}"> {word} {each.number} </a></td>
<td class="seasonEpisodeTitle"><a href="{link}"><strong>{escape(each.title)}</strong> - <span>{escape(each.title_en)}{count}</span></a></td>
<td><a href="{link}">{icons}</a></td><td class="editFunctions"><a href="{link}">{flags}</a></td></tr>"""


def _language_switch(code: str) -> str:
    flag, label, key = FLAGS[code]
    return f'<img data-lang-key="{key}" src="/public/img/{flag}.svg" title="{label}" alt="{label}">'


def _hoster(link: Link) -> str:
    target = f"/redirect/{link.id}"
    return (
        f'<li class="col-md-3 col-xs-12 col-sm-6 episodeLink{link.id}" data-lang-key="{FLAGS[link.copy.language][2]}" '
        f'data-link-id="{link.id}" data-link-target="{target}" data-external-embed="false">'
        f'<div class="generateInlinePlayer"><a class="watchEpisode" href="{target}" target="_blank" itemprop="url">'
        f'<i class="icon {link.copy.label}" title="Hoster {link.copy.label}"></i><h4>{link.copy.label}</h4>'
        '<div class="hosterSiteVideoButton">Video öffnen</div></a></div></li>'
    )


def _lazy(address: str, label: str) -> str:
    return (
        f'<img src="{_PIXEL}" data-src="{address}" alt="{escape(label)}"><noscript><img src="{address}"'
        f' alt="{escape(label)}"></noscript>'
    )
