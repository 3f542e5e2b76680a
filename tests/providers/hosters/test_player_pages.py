"""Player pages of real hosters: labels, names that mislead, pages that lead on, videos that stand for a gone one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from aniworld.core.errors import HosterUnsupported, LinkDead
from aniworld.core.placeholders import is_placeholder
from aniworld.providers.hosters.open_player import Embed, choose
from aniworld.providers.hosters.player_page import height_of, parse_player
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate

HERE = "https://hoster.example/e/abc"
JSD = "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"


def page(html: str) -> str:
    return f"<html><body>{html}</body></html>"


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite({"/e/2": "<video src='/a.mp4'></video>"}) as made:
        yield made


def ask(site: LoopbackSite, html: str):
    site.pages["/e/1"] = page(html)
    return Embed(open_gate(user_agent="Aniworld/9")).stream(site.url + "/e/1", referer="https://aniworld.to/")


@pytest.mark.parametrize(
    ("label", "height"),
    [
        ("1000kbps", None),
        ("1500 kbit/s", None),
        ("800k", None),
        ("2000 Kbps", None),
        ("128 kB/s", None),
        ("60fps", None),
        ("480p 1000kbps", 480),
        ("1000kbps 480p", 480),
        ("1080p60", 1080),
        ("720p50", 720),
        ("1080i", 1080),
        ("1920x804", 1080),
        ("1280×536", 720),
        ("1440x1080", 1080),
        ("Deutsch 720", 720),
        ("1920x1088 5000kbps", 1080),
        ("Show 2012", None),
        ("2160", 2160),
        ("1.5 Mbps", None),
        ("Full HD", 1080),
        ("350 MB", None),
        ("700 MiB", None),
        ("1.080p", None),
    ],
)
def test_a_label_with_another_unit_is_no_height(label: str, height: int | None) -> None:
    assert height_of(label) == height


@pytest.mark.parametrize(
    "html",
    [
        (
            '<video><source src="/low.mp4" res="480" label="1000kbps"><source src="/high.mp4" res="720"'
            ' label="800kbps"></video>'
        ),
        '<video><source src="/low.mp4" res="480" label="HD"><source src="/high.mp4" res="720" label="SD"></video>',
        (
            "<script>s({sources: [{src: '/low.mp4', label: '1000kbps', res: '480'}, {src: '/high.mp4', label: '900k',"
            " res: 720}]})</script>"
        ),
        "<script>s({sources: [{src: '/low.mp4', label: '640x360'}, {src: '/high.mp4', label: '1920x804'}]})</script>",
    ],
)
def test_the_resolution_counts_before_the_label(html: str) -> None:
    media = parse_player(page(html), HERE).media
    assert choose(media, "best").url.endswith("/high.mp4")
    assert choose(media, "480p").url.endswith("/low.mp4")


@pytest.mark.parametrize(
    "script",
    [
        'var fname = "Show.S01E01.mkv";',
        'var file = "Show.S01E01.mp4";',
        'x = {title: "Show.mp4", url: "Show.mkv"};',
        'document.title = "Show.S01E01.mkv"; var player = 1;',
        'setup({title: "Show.S01E01.mkv"})',
        'player.setup({file_name: "Show.S01E01.mp4"})',
    ],
)
def test_a_bare_file_name_is_no_address(script: str) -> None:
    facts = parse_player(page(f"<script>{script}</script>"), HERE)
    assert (facts.media, facts.only, facts.frames) == ((), (), ())
    both = parse_player(page(f"<script>{script} load('https://cdn.example/v.mp4')</script>"), HERE)
    assert [one.url for one in both.media] == ["https://cdn.example/v.mp4"]


@pytest.mark.parametrize(
    "script",
    [
        "jwplayer('p').setup({file: 'video.mp4'})",
        "player.src = 'video.mp4'",
        "hls.loadSource('master.m3u8')",
        "var src = 'master.m3u8'; play(src)",
    ],
)
def test_a_bare_name_that_a_player_is_given_is_an_address(script: str) -> None:
    assert parse_player(page(f"<script>{script}</script>"), HERE).media


GONE = [
    "/video_error.mp4",
    "/deleted.mp4",
    "/static/video_deleted.mp4",
    "/not-found.mp4",
    "/notfound.mp4",
    "/404.mp4",
    "/file_removed.mp4",
    "/error/index.m3u8",
    "/novideo.mp4",
    "/no-video.mp4",
    "/img/dmca.mp4",
    "/video-not-found.mp4",
    "/copyright.mp4",
    "/deleted/master.m3u8",
    "/video_has_been_removed.mp4",
    "/error1.mp4",
    "/expired.mp4",
    "/blocked.mp4",
    "/v/deleted_video_en.mp4",
    "/video_removed_en.mp4",
    "/Video_Deleted_1080p.mp4",
    "/error-720.mp4",
    "/expired_link.mp4",
    "/link_expired.mp4",
    "/removed-by-dmca.mp4",
    "/removed_for_copyright.mp4",
    "/copyright_infringement.mp4",
    "/no-longer-available.mp4",
    "/file-removed/720.mp4",
    "/file-removed/720/index.m3u8",
    "/geoblocked.mp4",
    "/video-geloescht.mp4",
    "/filenotfound.mp4",
    "/video-wurde-entfernt.mp4",
    "/Deleted.mp4",
]


@pytest.mark.parametrize("path", GONE)
def test_a_video_that_stands_for_a_gone_one_is_said_to_be_gone(site: LoopbackSite, path: str) -> None:
    for html in (f"<video src='{path}'></video>", f"<script>jwplayer().setup({{file: '{path}'}})</script>"):
        with pytest.raises(LinkDead, match="gone"):
            ask(site, html)
    real = parse_player(page(f"<script>setup({{sources: [{{file: '{path}'}}, {{file: '/v/1.mp4'}}]}})</script>"), HERE)
    assert [one.url for one in real.media] == ["https://hoster.example/v/1.mp4"]


@pytest.mark.parametrize(
    "path",
    [
        "/deleted-scenes-01.mp4",
        "/v/Error.Man.S01E01.mp4",
        "/the-missing-girl.mp4",
        "/v/1/index.m3u8",
        "/terror.mp4",
        "/404-love-not-found-s01e01.mp4",
        "/v/500.mp4",
        "/v/404.mp4",
        "/480/410.mp4",
        "/v/abc/500/index.m3u8",
        "/v/Gone.mp4",
        "/Missing.mp4",
        "/Missing/720.mp4",
        "/the-missing-01.mp4",
        "/Missing.Link.1080p.mp4",
        "/video-500.mp4",
        "/Blocked.mp4",
    ],
)
def test_titles_with_such_words_are_no_placeholders(path: str) -> None:
    assert not is_placeholder(f"https://cdn.example{path}")


@pytest.mark.parametrize("name", ["error" * 16, "notfound" * 10, "error" * 15 + "x", "no" * 39 + "!"])
def test_a_long_name_is_told_quickly(name: str) -> None:
    start = time.thread_time()
    is_placeholder(f"https://cdn.example/{name}.mp4")
    assert time.thread_time() - start < 0.05


def test_an_address_that_leads_to_a_placeholder_is_gone(site: LoopbackSite) -> None:
    site.pages["/deleted.mp4"] = Answer(b"0" * 1000, headers={"Content-Type": "video/mp4"})
    site.pages["/e/9"] = Answer("", 302, headers={"Location": "/deleted.mp4"})
    with pytest.raises(LinkDead, match="gone"):
        Embed(open_gate(user_agent="A")).stream(site.url + "/e/9", referer="")


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ("jwplayer('p').setup({file: '/v/park-trailer-01.mp4'})", "/v/park-trailer-01.mp4"),
        ("jwplayer('p').setup({sources: [{file: '/sprite/master.m3u8'}]})", "/sprite/master.m3u8"),
        ("videojs('v').src({src: '/storyboard_9.mp4', type: 'video/mp4'})", "/storyboard_9.mp4"),
        (
            "var player = new Plyr('#p'); player.source = {sources: [{src: '/preview/1.mp4', type: 'video/mp4'}]}",
            "/preview/1.mp4",
        ),
        ("hls.loadSource('/thumbs/x/index.m3u8')", "/thumbs/x/index.m3u8"),
    ],
)
def test_a_set_ups_only_source_is_the_video_whatever_its_name(site: LoopbackSite, script: str, end: str) -> None:
    assert ask(site, f"<script>{script}</script>").url == site.url + end
    assert ask(site, f"<script>{script}; load('/v/real.mp4')</script>").url == site.url + "/v/real.mp4"


LEADING_ON = [
    "window.location = 'X'",
    'document.location = "X"',
    "window[\"location\"] = 'X'",
    "window['location']['href'] = 'X'",
    "location.assign('X')",
    "location.replace(`X`)",
    "top.location = 'X'",
    "window.top.location.href = 'X'",
    "self.location='X'",
    "parent.location.replace('X')",
    "location = 'X'",
    "window['location'].replace('X')",
    "window[ 'location' ].href = 'X'",
    "var u = 'X'; window.location = u;",
    "const to = 'X', n = 1; location.replace(to)",
    "let u='X'; window['location']['assign'](u);",
    "function go() { window.location.href = target } var target = 'X'; go();",
    "if (top != self) { document.location.href = 'X' }",
    "setTimeout(function () { window.location = 'X' }, 3000)",
    "setTimeout(\"location.href='X'\", 100)",
    'var url = "X"\nwindow.location.replace(url)\n',
    "</script><script>var u='X'</script><script>document.location=u",
    "globalThis.location.href = 'X'",
    "location.pathname = 'X'",
    "var l = window.location; l.href = 'X'",
    "const w = window; w.location.replace('X')",
    "window['loc' + 'ation'] = 'X'",
    "window.open('X', '_self')",
    "var u = 'X'; open(u, '_top')",
    "var o = {u: 'X'}; location.href = o.u",
    'const r = {a: {"to": "X"}}; location = r["a"]["to"]',
    "location = '/e/' + '2'",
    "var p = '/e'; var u = p + '/' + 2; location.replace(u)",
    "location.href = location.origin + 'X'",
    'window.location = decodeURIComponent("%2Fe%2F2")',
    'location.assign(unescape("%2Fe%2F2"))',
]


@pytest.mark.parametrize("script", LEADING_ON)
def test_a_page_that_leads_on_is_followed_however_it_says_so(site: LoopbackSite, script: str) -> None:
    html = f"<p>Just a moment, you are redirected</p>{JSD}<script>{script.replace('X', '/e/2')}</script>"
    assert ask(site, html).url == f"{site.url}/a.mp4"


@pytest.mark.parametrize(
    "html",
    [
        "<meta http-equiv='refresh' content='0;URL=/e/2'>",
        '<meta http-equiv="REFRESH" content="3; url=\'/e/2\'">',
        "<meta http-equiv=refresh content='5; Url = /e/2'>",
        "<title>Just a moment</title><meta http-equiv=refresh content='0; /e/2'>",
        "<meta http-equiv=refresh content='0,/e/2'>",
    ],
)
def test_meta_refresh_is_followed(site: LoopbackSite, html: str) -> None:
    assert ask(site, html).url == f"{site.url}/a.mp4"
    site.pages["/e/1"] = "<html><body onload=\"window.location='/e/2'\"></body></html>"
    assert Embed(open_gate(user_agent="A")).stream(site.url + "/e/1", referer="").url == f"{site.url}/a.mp4"


def test_many_frames_hide_no_redirect(site: LoopbackSite) -> None:
    frames = "".join(f"<iframe src='/nothing/{number}'></iframe>" for number in range(8))
    assert ask(site, f"{frames}<script>window.location = '/e/2'</script>").url == f"{site.url}/a.mp4"


@pytest.mark.parametrize(
    "script",
    [
        "window.location = base + '/e/2'",
        "location.href = decode(x)",
        "window['location'] = parts.join('')",
        "location.replace(to())",
        "document.location = '/e/' + id",
        "var u = '/e/' + id; window.location = u",
        "top.location = self.other",
        "var u = '/e/2'; window.location = u + x",
        "var u = '/e/2'; window.location = u.slice(1)",
        "document.forms[0].submit()",
        "document.getElementById('f').submit()",
        "location.pathname = next()",
        "window.open(build(1, 2), '_self')",
        "var l = location; l.href = f('/e/2')",
        "window['loc' + 'ation'] = links[0]",
    ],
)
def test_what_cannot_be_followed_is_no_browser_check(site: LoopbackSite, script: str) -> None:
    html = f"<title>Just a moment...</title>{JSD}<p>checking your browser</p><script>{script}</script>"
    with pytest.raises(HosterUnsupported, match="not state openly") as told:
        ask(site, html)
    assert "browser check" not in str(told.value)


@pytest.mark.parametrize(
    "html",
    [
        "<script>window._cf_chl_opt = {}; location.href = location.href + x</script><title>Just a moment...</title>",
        "<div class='cf-turnstile'></div><script>function ok(t) { window.location = '/e/1?t=' + t }</script>",
    ],
)
def test_a_browser_check_that_leads_on_afterwards_stays_one(site: LoopbackSite, html: str) -> None:
    with pytest.raises(HosterUnsupported, match="browser check"):
        ask(site, html)


def test_a_sign_in_form_on_a_page_that_leads_on_is_no_browser_check(site: LoopbackSite) -> None:
    links = "".join(f"<a href='/{number}'>x</a>" for number in range(9))
    form = "<form><input type='password'><div class='g-recaptcha'></div></form>"
    with pytest.raises(HosterUnsupported, match="not state openly"):
        ask(site, f"{links}{form}<script>location.href = next()</script>")


@pytest.mark.parametrize(
    "script",
    [
        "data.location = '/e/2'",
        "x.location.hash = '/e/2'",
        "location.hash = '#/e/2'",
        "var s = {mylocation: '/e/2'}",
        "if (location == '/e/2') {}",
        "window.open('/e/2')",
        "window.open('/e/2', '_blank')",
        "// location = '/e/2'",
        "x = 'location = \\'/e/2\\''",
        "if (top != self) top.location = self.location",
    ],
)
def test_other_things_called_location_lead_nowhere(script: str) -> None:
    assert parse_player(page(f"<script>{script}</script>"), HERE).frames == ()


@pytest.mark.parametrize(
    "script",
    [
        'window.location = atob("L2UvMg==")',
        'const r = links({to: "/e/3"}); location = r["to"]',
        'location.replace(decrypt("/e/3", 5))',
        'location = "/e/3".replace("3", x)',
        'location = names["/e/3"]',
        'location.href = open ? "/e/3" : "/e/4"',
        'location = ["/e/3"][0]',
    ],
)
def test_a_computed_address_is_not_requested_and_nothing_is_called_gone(site: LoopbackSite, script: str) -> None:
    with pytest.raises(HosterUnsupported):
        ask(site, f"<script>{script}</script>")
    assert len(site.asked) == 1


def test_another_query_of_the_page_is_followed() -> None:
    assert parse_player(page("<script>location.search = 'go=1'</script>"), HERE).frames == (f"{HERE}?go=1",)


@pytest.mark.parametrize(
    "script", ["function failed() { location = '/e/404' }", "jwplayer('p').setup({file: decode('/get/404')})"]
)
def test_a_guess_that_leads_nowhere_is_not_the_pages_fault(site: LoopbackSite, script: str) -> None:
    with pytest.raises(HosterUnsupported, match="openly"):
        ask(site, f"<script>{script}</script>")


def test_a_stated_redirect_to_a_gone_page_is_gone(site: LoopbackSite) -> None:
    with pytest.raises(LinkDead):
        ask(site, "<script>location = '/e/404'</script>")


def test_sums_of_sums_end_soon() -> None:
    script = "a0 = 'x';" + "".join(f"a{n} = {'+'.join([f'a{n - 1}'] * 50)};" for n in range(1, 12))
    assert parse_player(page(f"<script>{script} location = a11</script>"), HERE).moved


@pytest.mark.parametrize(
    ("html", "end"),
    [
        ("<video src='/v/trailer.mp4'></video>", "/v/trailer.mp4"),
        ("<video><source src='/v/sprite.mp4'></video>", "/v/sprite.mp4"),
        (
            "<video><source src='/trailer-480.mp4' res=480><source src='/trailer-720.mp4' res=720></video>",
            "/trailer-720.mp4",
        ),
        (
            (
                "<script>jwplayer().setup({sources: [{file: '/v/trailer-480.mp4', label: '480p'}, "
                "{file: '/v/trailer-1080.mp4', label: '1080p'}]})</script>"
            ),
            "/v/trailer-1080.mp4",
        ),
    ],
)
def test_the_only_video_counts_whatever_its_name(site: LoopbackSite, html: str, end: str) -> None:
    assert ask(site, html).url == site.url + end
    assert ask(site, html + "<iframe src='/e/2'></iframe>").url == site.url + "/a.mp4"


def test_a_placeholder_or_another_video_is_not_the_only_one() -> None:
    for html in (
        "<video src='/a/trailer.mp4'></video><video src='/b/sprite.mp4'></video>",
        "<video src='/404.mp4'></video>",
    ):
        assert parse_player(page(html), HERE).only == ()
