"""Engine 1, on pages built like the site's, with their quirks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from aniworld.core.errors import (
    CatalogueBlocked,
    InvalidInput,
    LinkDead,
    NothingThere,
    PageChanged,
    SiteUnreachable,
)
from aniworld.core.media import HosterLink
from aniworld.providers.catalogues.aniworld.catalogue import Aniworld
from aniworld.providers.plugin_api.base import CatalogueSettings
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from tests.providers.contract import ROOT1, Engine1Contract, as_json, engine1, page

PROTECTION = Answer("<html><head><title>Just a moment...</title></head><div class='cf-turnstile'></div>", 403)


class TestContract(Engine1Contract):
    pass


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite(engine1()) as made:
        yield made


@pytest.fixture
def catalogue(site: LoopbackSite) -> Aniworld:
    return Aniworld(open_gate(), CatalogueSettings(site.url))


def test_a_series_page_tells_everything_about_the_series(catalogue: Aniworld, site: LoopbackSite) -> None:
    series = catalogue.series(ROOT1)
    assert (series.key, series.name, series.site) == ("nebelgarten", "Nebelgarten – Wächter", "aniworld.to")
    assert series.link == f"{site.url}{ROOT1}"
    assert series.alternative_titles == ("Kiri no Niwa", "霧の庭", "Fog & Garden", "Nebelgarten")
    assert (series.year_start, series.year_end, series.age_rating) == (2019, None, 12)
    assert series.imdb_id == "tt1234567"
    assert series.description == 'Ein Garten im Nebel & seine "Wächter". Ganz lang.'
    assert series.cover_url == f"{site.url}/public/img/cover/nebelgarten_220x330.png"
    assert series.genres == ("Fantasy", "Drama")


def test_all_seasons_and_films_come_with_one_request_each(catalogue: Aniworld, site: LoopbackSite) -> None:
    series = catalogue.series(ROOT1)
    assert series.seasons == (0, 1, 2, 4, 5)
    assert [(e.season, e.number) for e in series.episodes] == [(0, 1), (1, 1), (1, 2), (2, 1), (2, 2)]
    assert sorted(site.paths()) == sorted(
        [ROOT1, f"{ROOT1}/filme", f"{ROOT1}/staffel-2", f"{ROOT1}/staffel-4", f"{ROOT1}/staffel-5"]
    )


def test_episodes_carry_titles_languages_and_absolute_numbers(catalogue: Aniworld, site: LoopbackSite) -> None:
    film, first, second, back, later = catalogue.series(ROOT1).episodes
    assert (film.title, film.title_en, film.languages) == ("Der Film", "The Movie", ("eng-dub",))
    assert (first.title, first.title_en, first.absolute) == ("Der Anfang & das Tor", "The Beginning", 1)
    assert first.languages == ("ger-dub", "ger-sub")
    assert first.hosters == ("VOE", "Vidoza")
    assert (second.title, second.title_en, second.absolute) == ("", "Second Step", 63)
    assert second.languages == ("eng-sub", "spa-sub")
    assert second.link == f"{site.url}{ROOT1}/staffel-1/episode-7"
    assert (back.title, back.link) == ("Rückkehr", f"{site.url}{ROOT1}/staffel-2/episode-1")
    assert later.languages == ()


def test_an_episode_page_names_language_by_flag_file_and_hosters_once(catalogue: Aniworld, site: LoopbackSite) -> None:
    found = catalogue.episode(f"{ROOT1}/staffel-1/episode-1")
    assert (found.title, found.title_en) == ("Der Anfang", "The Beginning")
    assert [(link.hoster, link.language) for link in found.links] == [
        ("VOE", "ger-dub"),
        ("Filemoon", "ger-sub"),
        ("Vidoza", "ger-sub"),
        ("Doodstream", "eng-dub"),
        ("Unknown", "und"),
    ]
    assert found.links[0].url == f"{site.url}/redirect/11"
    assert found.links[2].url == f"{site.url}/redirect/13?x=1&y=2"


def test_a_redirect_leads_to_the_hoster_and_is_asked_with_the_site_as_referer(
    catalogue: Aniworld, site: LoopbackSite
) -> None:
    link = catalogue.episode(f"{ROOT1}/staffel-1/episode-1").links[0]
    assert catalogue.resolve(link) == "https://hoster.example/e/11"
    assert site.asked[-1].headers["referer"] == f"{site.url}/"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer("gone", 404), LinkDead),
        (Answer("gone", 410), LinkDead),
        (Answer("<p>Weiter zum Video</p>"), CatalogueBlocked),
        (PROTECTION, CatalogueBlocked),
        (Answer(status=302), LinkDead),
        (Answer(status=302, headers={"Location": "/redirect/11"}), LinkDead),
        (Answer(status=302, headers={"Location": "/"}), CatalogueBlocked),
    ],
)
def test_a_redirect_that_leads_to_no_hoster(
    catalogue: Aniworld, site: LoopbackSite, answer: Answer, error: type
) -> None:
    site.pages["/redirect/11"] = answer
    site.pages["/"] = "<h1>Startseite</h1>"
    with pytest.raises(error):
        catalogue.resolve(HosterLink("VOE", "ger-dub", f"{site.url}/redirect/11", f"{site.url}/"))


def test_a_player_on_the_catalogues_own_host_is_a_hoster(catalogue: Aniworld, site: LoopbackSite) -> None:
    site.pages["/redirect/11"] = Answer(status=301, headers={"Location": "/players/e/11"})
    site.pages["/players/e/11"] = "<video src='/v.mp4'></video>"
    link = HosterLink("VOE", "ger-dub", f"{site.url}/redirect/11", f"{site.url}/")
    assert catalogue.resolve(link) == f"{site.url}/players/e/11"


def test_a_search_opens_entities_and_gives_full_addresses(catalogue: Aniworld, site: LoopbackSite) -> None:
    (hit,) = catalogue.search("  nebel ")
    assert (hit.key, hit.name, hit.year) == ("nebelgarten", "Nebelgarten – Wächter", 2019)
    assert (hit.description, hit.link) == ("Ein Garten.", f"{site.url}{ROOT1}")
    assert hit.cover_url == f"{site.url}/public/img/cover/nebelgarten_150x225.png"


def test_the_second_search_folds_episodes_duplicates_and_help_pages(catalogue: Aniworld, site: LoopbackSite) -> None:
    site.pages["POST /ajax/search"] = lambda asked: as_json(
        [
            {
                "title": "Stahl &amp;amp; Sand - Folge 3",
                "description": "x",
                "link": f"/anime/stream/{asked.form['keyword']}/staffel-1/episode-3",
            },
            {
                "title": "<em>Stahl</em> &amp;amp; Sand",
                "description": "Ein <em>W&amp;uuml;sten</em>epos",
                "link": "/anime/stream/stahl_und_sand",
            },
            {"title": "Hilfe", "description": "", "link": "/support/anleitung"},
            {"title": "<em>Stahl</em> &amp;amp; Sand", "description": "Ein", "link": "/anime/stream/stahl_und_sand/"},
            {"title": "Nur Folge", "description": "", "link": "/anime/stream/nur-folge/staffel-2/episode-1"},
            {"title": None, "link": None},
            "quatsch",
            {},
        ]
    )
    hits = catalogue.search("stahl_und_sand")
    assert [(h.key, h.name, h.description) for h in hits] == [
        ("stahl-und-sand", "Stahl & Sand", "Ein Wüstenepos"),
        ("nur-folge", "Nur Folge", ""),
    ]
    assert hits[0].link.endswith("/anime/stream/stahl_und_sand")
    assert site.asked[-1].headers["x-requested-with"] == "XMLHttpRequest"


@pytest.mark.parametrize("broken", [Answer("<html>neu</html>"), Answer("kaputt", 404), Answer('{"a": 1}'), Answer("[")])
def test_a_broken_first_search_is_made_up_for_by_the_second(
    catalogue: Aniworld, site: LoopbackSite, broken: Answer
) -> None:
    site.pages["/ajax/seriesSearch"] = broken
    site.pages["POST /ajax/search"] = as_json([{"title": "Nebelgarten", "link": ROOT1, "description": ""}])
    assert [hit.key for hit in catalogue.search("nebel")] == ["nebelgarten"]
    site.pages["POST /ajax/search"] = Answer("<html>auch neu</html>")
    with pytest.raises((PageChanged, NothingThere)):
        catalogue.search("nebel")


def test_no_results_are_no_error(catalogue: Aniworld, site: LoopbackSite) -> None:
    assert catalogue.search("gibt es nicht") == []
    site.pages["POST /ajax/search"] = ""
    assert catalogue.search("gibt es nicht") == []
    assert catalogue.search("   ") == []


def test_a_protection_page_is_told_as_such_and_never_as_no_results(catalogue: Aniworld, site: LoopbackSite) -> None:
    interstitial = "<html><script src='/cdn-cgi/challenge-platform/x.js'></script><body>Bitte warten</body></html>"
    for answer in (PROTECTION, Answer(interstitial)):
        site.pages.update(dict.fromkeys((ROOT1, "/ajax/seriesSearch", f"{ROOT1}/staffel-1/episode-1"), answer))
        for ask in (
            lambda: catalogue.series(ROOT1),
            lambda: catalogue.search("nebel"),
            lambda: catalogue.episode(f"{ROOT1}/staffel-1/episode-1"),
        ):
            with pytest.raises(CatalogueBlocked, match="browser"):
                ask()


def test_an_honest_page_with_a_captcha_form_and_cdnjs_is_no_protection_page(catalogue: Aniworld) -> None:
    assert "g-recaptcha" in page("engine1/series.html") and "cdnjs.cloudflare.com" in page("engine1/series.html")
    assert catalogue.series(ROOT1).name


@pytest.mark.parametrize("status", [200, 404])
def test_a_series_that_is_not_there(catalogue: Aniworld, site: LoopbackSite, status: int) -> None:
    site.pages[ROOT1] = Answer(page("engine1/not-found.html"), status)
    with pytest.raises(NothingThere):
        catalogue.series(ROOT1)


@pytest.mark.parametrize("cut", ["series-title", 'id="stream"'])
def test_a_changed_page_names_what_was_looked_for(catalogue: Aniworld, site: LoopbackSite, cut: str) -> None:
    text = (
        page("engine1/series.html").replace(cut, "x").replace('itemprop="name"', "").replace("seasonEpisodesList", "x")
    )
    site.pages[ROOT1] = text.replace('id="season1"', "")
    with pytest.raises(PageChanged, match=r"series-title|#stream|itemprop|seasonEpisodesList"):
        catalogue.series(ROOT1)


def test_films_only_and_staffel_0(catalogue: Aniworld, site: LoopbackSite) -> None:
    films = page("engine1/filme.html").replace(
        "<html><body>", '<div class="series-title"><h1 itemprop="name"><span>F</span></h1></div>'
    )
    site.pages[ROOT1] = films
    assert [(e.season, e.number) for e in catalogue.series(ROOT1).episodes] == [(0, 1)]
    site.pages[ROOT1] = films.replace("/filme/film-1", "/staffel-0/episode-9").replace("/filme", "/staffel-0")
    (special,) = catalogue.series(ROOT1).episodes
    assert (special.season, special.number) == (0, 9)
    assert special.link.endswith("/staffel-0/episode-9")


@pytest.mark.parametrize("first", ["filme", "staffel-0"])
def test_films_and_specials_on_pages_of_their_own_are_both_kept(
    catalogue: Aniworld, site: LoopbackSite, first: str
) -> None:
    films = '<li><a href="/anime/stream/nebelgarten/filme" title="Alle Filme">Filme</a></li>'
    specials = films.replace("/filme", "/staffel-0")
    text = page("engine1/series.html")
    site.pages[ROOT1] = text.replace(films, films + specials if first == "filme" else specials + films)
    site.pages[f"{ROOT1}/staffel-0"] = page("engine1/staffel-0.html")
    series = catalogue.series(ROOT1)
    assert series.seasons == (0, 1, 2, 4, 5)
    assert [(e.number, e.title, e.link.removeprefix(site.url + ROOT1)) for e in series.episodes if e.season == 0] == [
        (1, "Der Film", "/filme/film-1"),
        (101, "Das Sommerfest", "/staffel-0/episode-1"),
        (102, "Der Rückblick", "/staffel-0/episode-2"),
    ]


def test_films_and_specials_in_one_table_are_both_kept(catalogue: Aniworld, site: LoopbackSite) -> None:
    films = page("engine1/filme.html")
    special = films[films.index("<tr ") : films.index("</tbody>")].replace("/filme/film-1", "/staffel-0/episode-1")
    special = special.replace('content="9"', 'content="1"').replace("Der Film", "Das Sommerfest")
    site.pages[f"{ROOT1}/filme"] = films.replace("</tbody>", f"{special}</tbody>")
    found = [(e.number, e.title) for e in catalogue.series(ROOT1).episodes if e.season == 0]
    assert found == [(1, "Der Film"), (101, "Das Sommerfest")]


def test_one_page_under_both_addresses_is_listed_once(catalogue: Aniworld, site: LoopbackSite) -> None:
    films = page("engine1/filme.html").replace(
        "<html><body>", '<div class="series-title"><h1 itemprop="name"><span>F</span></h1></div>'
    )
    both = films.replace("</ul>", '<li><a href="/anime/stream/nebelgarten/staffel-0">0</a></li></ul>')
    site.pages[ROOT1] = site.pages[f"{ROOT1}/filme"] = both
    for copy in (both, both.replace("/filme/film-1", "/staffel-0/episode-1").replace('content="9"', 'content="1"')):
        site.pages[f"{ROOT1}/staffel-0"] = copy
        assert [(e.season, e.number) for e in catalogue.series(ROOT1).episodes] == [(0, 1)]


def test_a_page_in_another_encoding(catalogue: Aniworld, site: LoopbackSite) -> None:
    body = page("engine1/staffel-2.html").encode("cp1252")
    site.pages[f"{ROOT1}/staffel-2"] = Answer(body, headers={"Content-Type": "text/html; charset=ISO-8859-1"})
    assert catalogue.series(ROOT1).episodes[3].title == "Rückkehr"


def test_a_base_address_with_a_path_prefix(site: LoopbackSite) -> None:
    pages = engine1()
    site.pages.clear()
    for path, served in pages.items():
        prefixed = path.replace("POST /", "POST /kat/") if path.startswith("POST") else f"/kat{path}"
        site.pages[prefixed] = served
    site.pages[f"/kat{ROOT1}"] = page("engine1/series.html").replace('"/anime', '"/kat/anime')
    catalogue = Aniworld(open_gate(), CatalogueSettings(f"{site.url}/kat/"))
    series = catalogue.series(f"{site.url}/kat{ROOT1}")
    assert len(series.episodes) == 5
    assert series.cover_url == f"{site.url}/kat/public/img/cover/nebelgarten_220x330.png"
    assert catalogue.resolve(catalogue.episode(series.episodes[1].link).links[0]) == "https://hoster.example/e/11"
    assert catalogue.search("nebel")[0].link == f"{site.url}/kat{ROOT1}"


def test_a_mirror_answers_where_the_base_is_unreachable(site: LoopbackSite) -> None:
    catalogue = Aniworld(open_gate(timeout_s=0.5), CatalogueSettings("http://no-such-host.invalid", (site.url,)))
    assert catalogue.series("https://aniworld.to" + ROOT1).link == f"http://no-such-host.invalid{ROOT1}"
    lost = Aniworld(open_gate(timeout_s=0.5), CatalogueSettings("http://no-such-host.invalid"))
    with pytest.raises(SiteUnreachable, match=r"no-such-host.invalid.*mirror"):
        lost.series(ROOT1)


def test_an_unchanged_page_is_not_read_again(catalogue: Aniworld, site: LoopbackSite) -> None:
    text = page("engine1/filme.html").replace("<html><body>", '<h1 itemprop="name"><span>F</span></h1>')
    site.pages[ROOT1] = lambda asked: (
        Answer(status=304) if asked.headers.get("if-none-match") == '"1"' else Answer(text, headers={"ETag": '"1"'})
    )
    first = catalogue.series(ROOT1)
    assert catalogue.series(ROOT1, previous=first) is first
    assert site.asked[-1].headers["if-none-match"] == '"1"'


def test_a_link_of_another_site_is_no_series_here(catalogue: Aniworld) -> None:
    with pytest.raises(InvalidInput):
        catalogue.key_of("https://example.org/watch/1")
    assert (
        catalogue.key_of("https://aniworld.to/anime/stream/ghost-in-the-shell-sac_2045")
        == "ghost-in-the-shell-sac-2045"
    )


def test_new_episodes_calendar_and_all_titles(catalogue: Aniworld) -> None:
    (new,) = catalogue.new_episodes()
    assert (new.key, new.season, new.episode, new.day) == ("nebelgarten", 1, 11, date(2026, 9, 12))
    assert new.languages == ("ger-dub", "ger-sub")
    airing, film = catalogue.calendar()
    assert (airing.key, airing.season, airing.episode, airing.day) == ("nebelgarten", 1, 5, date(2026, 8, 3))
    assert airing.at is not None and airing.at.isoformat() == "2026-08-03T14:40:00+02:00"
    assert (film.key, film.at) == ("stahl-und-sand", None)
    steel, fog = catalogue.all_titles()
    assert (steel.name, steel.genre) == ("Stahl & Sand", "Action")
    assert fog.key == "nebelgarten"


@pytest.mark.parametrize("slug", ["---", "_", "x" * 256])
def test_a_row_that_names_no_series_spoils_no_list(catalogue: Aniworld, site: LoopbackSite, slug: str) -> None:
    for path, name in (("/neue-episoden", "neue-episoden"), ("/animekalender", "animekalender"), ("/animes", "animes")):
        site.pages[path] = page(f"engine1/{name}.html").replace("/nebelgarten", f"/{slug}")
    assert catalogue.new_episodes() == []
    assert [one.key for one in catalogue.calendar()] == ["stahl-und-sand"]
    assert len(catalogue.all_titles()) == 1


@pytest.mark.parametrize(
    "link", ["/anime/stream/nebel\ngarten", "https://aniworld.to/anime/stream/nebel\tgarten", "/anime/stream/-_-"]
)
def test_a_link_with_control_characters_or_without_a_name_names_nothing(catalogue: Aniworld, link: str) -> None:
    assert not catalogue.claims(link)


def test_a_redirect_to_the_canonical_address_is_followed_and_one_to_the_start_page_means_nothing_there(
    catalogue: Aniworld, site: LoopbackSite
) -> None:
    site.pages["/anime/stream/Nebelgarten"] = Answer(status=301, headers={"Location": f"{ROOT1}?ref=alt"})
    assert catalogue.series("/anime/stream/Nebelgarten").key == "nebelgarten"
    site.pages["/anime/stream/weg"] = Answer(status=302, headers={"Location": "/"})
    site.pages["/"] = "<html><h2>Beliebt</h2><a href='/anime/stream/nebelgarten'>Nebelgarten</a></html>"
    with pytest.raises(NothingThere, match="weg"):
        catalogue.series("/anime/stream/weg")


def test_a_page_with_several_seasons_in_it_saves_requests(catalogue: Aniworld, site: LoopbackSite) -> None:
    second = page("engine1/staffel-2.html")
    body = second[second.index('<tbody id="season2">') : second.index("</table>")]
    site.pages[ROOT1] = page("engine1/series.html").replace("</tbody></table>", f"</tbody>{body}</table>")
    assert [(e.season, e.number) for e in catalogue.series(ROOT1).episodes] == [(0, 1), (1, 1), (1, 2), (2, 1), (2, 2)]
    assert f"{ROOT1}/staffel-2" not in site.paths()


def test_an_episode_page_without_a_language_box_uses_the_usual_keys(catalogue: Aniworld, site: LoopbackSite) -> None:
    text = page("engine1/episode.html").replace("changeLanguageBox", "x")
    site.pages[f"{ROOT1}/staffel-1/episode-1"] = text
    links = catalogue.episode(f"{ROOT1}/staffel-1/episode-1").links
    assert [link.language for link in links] == ["ger-dub", "eng-sub", "ger-sub", "eng-dub", "und"]
    site.pages[f"{ROOT1}/staffel-1/episode-1"] = "<div class='hosterSiteVideo'><ul></ul></div>"
    assert catalogue.episode(f"{ROOT1}/staffel-1/episode-1").links == ()
    site.pages[f"{ROOT1}/staffel-1/episode-1"] = "<div>neu</div>"
    with pytest.raises(PageChanged, match="hosterSiteVideo"):
        catalogue.episode(f"{ROOT1}/staffel-1/episode-1")
