"""Open players, on pages as hosters build them: what is media, what is not, and what is told otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from aniworld.core.errors import AddressRefused, HosterUnsupported, LinkDead, SourceError
from aniworld.core.media import StreamKind
from aniworld.providers.hosters.open_player import Embed, choose
from aniworld.providers.hosters.player_page import Medium, height_of, parse_player, seconds_of
from aniworld.providers.plugin_api.testkit import Answer, HosterContract, LoopbackSite, open_gate

HERE = "https://hoster.example/e/abc"
JWPLAYER = """<script>var player = jwplayer("vplayer"); // file: "/old.mp4"
player.setup({ sources: [{file:"https:\\/\\/cdn.example\\/a\\/master.m3u8?t=1\\u0026e=2",label:"Auto"},],
 image: "/poster.jpg", tracks: [{file: "/subs/de.vtt", kind: "captions"}, {file:"/thumbs.mp4", kind:"thumbnails"}],
 advertising: {client: "vast", tag: "https://ads.example/x.mp4"}, duration: "1420" });</script>"""
LADDER = """<script>const player = new Plyr('#p'); player.source = {type: 'video', sources: [
 {src: '/v/low.mp4', type: 'video/mp4', size: 360}, {src: '/v/high.mp4', type: 'video/mp4', size: 1080},
 {src: '/v/mid.mp4', type: 'video/mp4', size: 720}], previewThumbnails: {src: '/v/thumb.mp4'}};</script>"""
LINKED = """<script type="application/ld+json">{"@graph": [{"@type": "WebPage", "trailer": {"@type": "VideoObject",
 "contentUrl": "/trailers/t.mp4"}}, [{"@type": "VideoObject", "contentUrl": "//cdn.example/v.mp4", "duration": "PT23M40S",
 "thumbnailUrl": "/thumb.mp4"}]]}</script>"""


class TestContract(HosterContract):
    hoster = Embed
    claimed = ("https://any.example/e/1",)
    unclaimed = ("ftp://any.example/e/1", "javascript:alert(1)")
    page, media = "<video src='/v/a.mp4'></video>", "/v/a.mp4"


@pytest.mark.parametrize(
    ("html", "media"),
    [
        ("<video src='/v/a.mp4?x=1&amp;y=2'></video>", "https://hoster.example/v/a.mp4?x=1&y=2"),
        ("<video data-src='v/a.webm'></video>", "https://hoster.example/e/v/a.webm"),
        ("<video><source type='application/x-mpegURL' src='//cdn.example/a'></video>", "https://cdn.example/a"),
        ("<base href='https://cdn.example/x/'><video><source src='a.mp4'></video>", "https://cdn.example/x/a.mp4"),
        ("<video src='blob:https://x/1'></video><script>a={file:'/b.m3u8'}</script>", "https://hoster.example/b.m3u8"),
        ("<video class='trailer' src='/t.mp4'></video><video src='/a.mp4'></video>", "https://hoster.example/a.mp4"),
        (
            (
                "<picture><source srcset='/a.jpg' type='image/webp'></picture><meta content='https://c.example/a.mp4'"
                " property='og:video'>"
            ),
            "https://c.example/a.mp4",
        ),
        (
            (
                "<meta property='og:video:url' content='/a.mp4'><meta property='og:video:secure_url'"
                " content='https://s.example/a.mp4'>"
            ),
            "https://s.example/a.mp4",
        ),
        (
            "<script>p({file: '/v/ad-astra/poster-boy-01.mp4'})</script>",
            "https://hoster.example/v/ad-astra/poster-boy-01.mp4",
        ),
        ("<script>p({file: '/ads/1.mp4'}); q({file: '/v/1.mp4'})</script>", "https://hoster.example/v/1.mp4"),
        (
            "<script>p({file: '/poster.mp4'}); q({file: '/ad1.mp4'}); r({file: '/v/2.mp4'})</script>",
            "https://hoster.example/v/2.mp4",
        ),
        (JWPLAYER, "https://cdn.example/a/master.m3u8?t=1&e=2"),
        (LADDER, "https://hoster.example/v/high.mp4"),
        (LINKED, "https://cdn.example/v.mp4"),
        (
            "<script>videojs('v').src({src: '/a/b.m3u8', type: 'application/x-mpegURL'})</script>",
            "https://hoster.example/a/b.m3u8",
        ),
        (
            (
                "<script>new DPlayer({container: x, video: {url: '/d.m3u8', type: 'hls', pic: '/p.jpg', thumbnails:"
                " '/t.mp4'}})</script>"
            ),
            "https://hoster.example/d.m3u8",
        ),
        ('<script>setup({"sources":["/only.mp4"]})</script>', "https://hoster.example/only.mp4"),
        ('<script>var q = {"720p": "/7.mp4", "1080p": "/10.mp4"};</script>', "https://hoster.example/10.mp4"),
        ('<script>hls.loadSource("//c.example/m.m3u8")</script>', "https://c.example/m.m3u8"),
        (
            '<script>var c = JSON.parse(\'{\\"hls\\":\\"https:\\\\/\\\\/c.example\\\\/m.m3u8\\"}\')</script>',
            "https://c.example/m.m3u8",
        ),
        ('<script>load("x", "https://c.example/plain.mp4?a=1", 3)</script>', "https://c.example/plain.mp4?a=1"),
        (
            "<script>var u = '/hls/' + id + '/x.m3u8';</script><script>p({file: '/real.m3u8'})</script>",
            "https://hoster.example/real.m3u8",
        ),
        ("<script>/* file: '/no.mp4' */ p({file: '/yes.mp4'})</script>", "https://hoster.example/yes.mp4"),
        (
            (
                '<video class=\'video-js\' data-setup=\'{"sources": [{"src": "/s.m3u8", "type":'
                ' "application/x-mpegURL"}]}\'></video>'
            ),
            "https://hoster.example/s.m3u8",
        ),
        (
            "<div data-config='{&quot;file&quot;:&quot;\\/c.mp4&quot;,&quot;poster&quot;:&quot;\\/p.jpg&quot;}'></div>",
            "https://hoster.example/c.mp4",
        ),
        ("<script>load('/p.m3u8?a=1&amp;b=2')</script>", "https://hoster.example/p.m3u8?a=1&b=2"),
        ("<video src='https://cdn.example/get?id=5'></video>", "https://cdn.example/get?id=5"),
        (
            '<video data-setup=\'{"sources":[{"src":"//c.example/m.m3u8","type":"application/x-mpegURL"}]}\'></video>',
            "https://c.example/m.m3u8",
        ),
        (
            "<div data-item='{&quot;sources&quot;:[{&quot;src&quot;:&quot;\\/a.mp4&quot;}]}'></div>",
            "https://hoster.example/a.mp4",
        ),
        ("<video-js><source src='/a.mp4'></video-js>", "https://hoster.example/a.mp4"),
        ("<source src='/live' type='application/vnd.apple.mpegurl'>", "https://hoster.example/live"),
        ("<video src=' /My Show\n 01.mp4 '></video>", "https://hoster.example/My%20Show%2001.mp4"),
        ('<script>setup({sources:[{file:"/get/1",type:"mp4"}]})</script>', "https://hoster.example/get/1"),
        (
            '<script>setup({sources:[{file:"/get?q=1",label:"360p"},{file:"/get?q=2",label:"720p"}]})</script>',
            "https://hoster.example/get?q=2",
        ),
        ('<script>var sources = {"720p": "/g?q=7", "1080p": "/g?q=10"};</script>', "https://hoster.example/g?q=10"),
        (
            '<script>Playerjs({file: "[360p]/3.mp4,[720p]//c.example/7.mp4 or /8.mp4"})</script>',
            "https://c.example/7.mp4",
        ),
        (
            (
                "<script>var flashvars = {video_url: '/get/a.mp4/', video_alt_url: '/get/b.mp4/', video_alt_url_text:"
                " '720p'}</script>"
            ),
            "https://hoster.example/get/b.mp4/",
        ),
        ('<script>player.load({src: "/x.mpd", type: "application/dash+xml"})</script>', "https://hoster.example/x.mpd"),
        (
            '<script>load("//c.example/hls/a,b,.urlset/master.m3u8")</script>',
            "https://c.example/hls/a,b,.urlset/master.m3u8",
        ),
        ('<script>var u = "videos/x.mp4"; load(u)</script>', "https://hoster.example/e/videos/x.mp4"),
        (
            (
                '<script type="application/ld+json">//<![CDATA[\n{"description": "two\nlines", "contentUrl":'
                ' "/a.mp4"}\n//]]></script>'
            ),
            "https://hoster.example/a.mp4",
        ),
        ("<script>setup({file: '/a.mp4 http://x.example/b.mp4'})</script>", "https://hoster.example/a.mp4"),
        ("<meta name='twitter:player:stream' content='/a.mp4'>", "https://hoster.example/a.mp4"),
        (
            "<video><source src='/a-480.mp4' label='SD'><source src='/a-1080.mp4' label='Full HD'></video>",
            "https://hoster.example/a-1080.mp4",
        ),
    ],
)
def test_media_is_found_where_a_page_states_it(html: str, media: str) -> None:
    facts = parse_player(f"<html><body>{html}<p>maintenance of gardens</p></body></html>", HERE)
    assert choose(facts.media).url == media


@pytest.mark.parametrize(
    "html",
    [
        "<video poster='/p.jpg'></video>",
        "<track src='/a.vtt'>",
        "<img src='/preview.mp4.jpg'>",
        "<video src='/thumbs/preview.mp4'></video>",
        "<script>{file:'/subs/a.vtt'}</script>",
        "<script>ads({tag: 'https://ads.example/vast/x.mp4'})</script>",
        "<a href='/a.mp4'>x</a>",
        "<video src='data:video/mp4;base64,AAA'></video>",
        "<video src='javascript:alert(1)'></video>",
        "<script>var u = base + '/x.mp4'</script>",
        "<script>`https://c.example/${id}/x.mp4`</script>",
        "<script>setup({template: 'https://c.example/{id}.mp4'})</script>",
        "<audio><source src='/a.mp4'></audio>",
        "<script>jQuery.ajax({url: '/api/1'})</script>",
    ],
)
def test_what_only_accompanies_a_video_is_no_media(html: str) -> None:
    assert parse_player(f"<html><body>{html}</body></html>", HERE).media == ()


def test_quality_is_chosen_by_label() -> None:
    ladder = parse_player(LADDER, HERE).media
    names = {q: choose(ladder, q).url.rsplit("/", 1)[-1] for q in ("best", "worst", "720p", "480p", "360p")}
    assert names == {"best": "high.mp4", "worst": "low.mp4", "720p": "mid.mp4", "480p": "low.mp4", "360p": "low.mp4"}
    master, small = Medium("m.m3u8", None, "m3u8"), Medium("s.mp4", 360, "mp4")
    assert choose([small, master]) is master
    assert [height_of(text) for text in ("720p", "1080", "HD", "Full HD", "4K", "Auto", "Folge 3")] == [
        720,
        1080,
        720,
        1080,
        2160,
        None,
        None,
    ]


def test_durations_in_their_forms() -> None:
    assert [seconds_of(t) for t in ("1420", "1420.5", "23:40", "1:23:40", "PT23M40S", "P1DT0S")] == [
        1420,
        1420.5,
        1420,
        5020,
        1420,
        None,
    ]
    assert [seconds_of(t) for t in ("", "x", "0", "-5", "P", "99999999")] == [None] * 6
    assert parse_player(LINKED, HERE).duration == 1420
    assert parse_player("<video data-duration='61' src='/a.mp4'></video>", HERE).duration == 61


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite({}) as made:
        yield made


def stream(site: LoopbackSite, path: str = "/e/1", **wish: str):
    return Embed(open_gate(user_agent="Aniworld/9")).stream(site.url + path, referer="https://aniworld.to/", **wish)


def test_the_media_host_gets_the_headers_that_a_browser_would_send(site: LoopbackSite) -> None:
    site.pages["/e/1"] = "<video><source src='https://cdn.example/a.m3u8'></video>"
    found = stream(site)
    assert (found.kind, found.url) == (StreamKind.HLS, "https://cdn.example/a.m3u8")
    assert found.headers == {"User-Agent": "Aniworld/9", "Referer": f"{site.url}/e/1", "Origin": site.url}
    assert site.asked[0].headers["referer"] == "https://aniworld.to/"
    site.pages["/e/1"] = "<video src='/a.mp4' height=720></video>"
    assert "Origin" not in stream(site).headers
    assert stream(site).kind is StreamKind.FILE


def test_an_address_that_is_media_itself_is_the_stream(site: LoopbackSite) -> None:
    site.pages["/e/1"] = Answer(b"0" * 9_000_000, headers={"Content-Type": "video/mp4"})
    site.pages["/e/2"] = Answer("#EXTM3U\n", headers={"Content-Type": "application/vnd.apple.mpegurl"})
    site.pages["/e/3"] = Answer("#EXTM3U\n", headers={"Content-Type": "text/plain"})
    site.pages["/e/4"] = Answer("\ufeff\n#EXTM3U\n", headers={"Content-Type": "text/plain"})
    kinds = [stream(site, f"/e/{number}").kind for number in (1, 2, 3, 4)]
    assert kinds == [StreamKind.FILE, StreamKind.HLS, StreamKind.HLS, StreamKind.HLS]


def test_frames_are_followed_two_levels_deep(site: LoopbackSite) -> None:
    site.pages["/e/1"] = "<iframe src='https://www.google.com/recaptcha/x'></iframe><iframe data-src='/e/2'></iframe>"
    site.pages["/e/2"] = "<iframe src='/e/3'></iframe>"
    site.pages["/e/3"] = "<video src='/a.mp4'></video>"
    assert stream(site).headers["Referer"] == f"{site.url}/e/3"
    site.pages["/e/3"] = "<iframe src='/e/4'></iframe>"
    site.pages["/e/4"] = "<video src='/a.mp4'></video>"
    with pytest.raises(HosterUnsupported):
        stream(site)


@pytest.mark.parametrize(
    "page",
    [
        "<script>jwplayer('p').setup({file: '/get?id=1', image: '/i.jpg'})</script>",
        "<meta property='og:video' content='/get?id=1'>",
        "<script>new Plyr('#v', {sources: [{src: '/get?id=1'}]})</script>",
        "<script>player.src = '/get?id=1';</script>",
        "<script>hls.loadSource('/get?id=1')</script><iframe src='/elsewhere'></iframe>",
        "<iframe data-lazy-src='/get?id=1'></iframe>",
    ],
)
def test_an_address_that_does_not_tell_what_it_is_is_asked(site: LoopbackSite, page: str) -> None:
    site.pages["/e/1"] = page
    video, playlist = (
        Answer(b"0" * 9_000_000, headers={"Content-Type": "application/octet-stream"}),
        Answer("#EXTM3U\n"),
    )
    for answer, kind in ((video, StreamKind.FILE), (playlist, StreamKind.HLS)):
        site.pages["/get"] = answer
        found = stream(site)
        assert (found.kind, found.url, found.headers["Referer"]) == (kind, f"{site.url}/get?id=1", f"{site.url}/e/1")
    site.pages["/get"] = "<video src='/a.mp4'></video>"
    assert stream(site).url == f"{site.url}/a.mp4"


def test_a_page_that_sends_the_browser_on_is_followed(site: LoopbackSite) -> None:
    site.pages["/e/1"] = "<script>if (x) { window.location.href = '/e/2'; }</script>"
    site.pages["/e/2"] = "<meta http-equiv='Refresh' content='0; url=/e/3'>"
    site.pages["/e/3"] = "<video src='/a.mp4'></video>"
    assert stream(site).url == f"{site.url}/a.mp4"


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (Answer("x", 404), LinkDead, "gone"),
        (Answer("x", 451), LinkDead, "gone"),
        (Answer("<h1>Video Not\n Found</h1>"), LinkDead, "video not found|Video Not Found"),
        (
            Answer("<p>This file has been removed by the owner</p><script>eval(function(p,a,c,k,e,d){})</script>"),
            LinkDead,
            "removed",
        ),
        (
            Answer(
                "<script>var s='video not found'; eval(function(p,a,c,k,e,d){return p}('0"
                " 1',2,2,''.split('|')))</script>"
            ),
            HosterUnsupported,
            "obfuscated",
        ),
        (
            Answer("<script>player.src(atob('aHR0cHM6Ly94LmV4YW1wbGUvYS5tcDQ='))</script>"),
            HosterUnsupported,
            "127.0.0.1",
        ),
        (
            Answer(
                "<video src='/a.mpd'></video><script>p({drm: {servers: {'com.widevine.alpha':"
                " 'https://l.example'}}})</script>"
            ),
            HosterUnsupported,
            "DRM",
        ),
        (Answer("<title>Just a moment...</title>", 403), HosterUnsupported, "browser check"),
        (Answer("<div class='cf-turnstile'></div>"), HosterUnsupported, "browser check"),
        (Answer("no", 403), HosterUnsupported, "refuses"),
        (Answer("<html><body>Nothing here</body></html>"), HosterUnsupported, "openly"),
        (Answer(b"\x00\xff\x00garbage<<<<"), HosterUnsupported, ""),
        (Answer(""), HosterUnsupported, ""),
    ],
)
def test_what_gives_no_media_is_told_apart(site: LoopbackSite, answer: Answer, error: type, says: str) -> None:
    site.pages["/e/1"] = answer
    with pytest.raises(error, match=says):
        stream(site)


@pytest.mark.parametrize(
    "script", ["setup({drm: false, file: '/a.mp4'})", "/* no widevine */ p({file: '/a.mp4', widevine: null})"]
)
def test_drm_that_is_only_spoken_of_is_none(site: LoopbackSite, script: str) -> None:
    site.pages["/e/1"] = f"<script>{script}</script>"
    assert stream(site).url.endswith("/a.mp4")


@pytest.mark.parametrize(
    "script",
    [
        "p({file: '/a.mpd', drm: {widevine: {url: '/l'}}})",
        'p({"file": "/a.mpd", "playready": "/l"})',
        "s('com.apple.fps.1_0')",
    ],
)
def test_drm_that_is_set_up_is_said(site: LoopbackSite, script: str) -> None:
    site.pages["/e/1"] = f"<script>{script}</script>"
    with pytest.raises(HosterUnsupported, match="DRM"):
        stream(site)


def test_a_frame_to_a_private_address_is_refused() -> None:
    framed = LoopbackSite({"/e/1": "<iframe src='http://127.0.0.2:1/admin'></iframe>"})
    with framed as site, pytest.raises(AddressRefused):
        stream(site)


@pytest.mark.parametrize(
    "script",
    [
        '"\\' * 150_000,
        "'" * 120_000,
        "{" * 120_000,
        "/*" * 120_000,
        "a:" * 120_000,
        ".mp4" * 120_000,
        "//" * 120_000,
        "`${" * 120_000,
        "https://" * 100_000 + ".mp4",
        '{"file":' * 100_000,
        "drm:" * 120_000,
        "location.href=" * 50_000,
        "location;" + "/* a" * 100_000,
        "location;" + '"\\' * 150_001,
        "location;" + "a.b[" * 90_000,
        "location;" + "a+(" * 90_000,
    ],
)
def test_a_hostile_script_costs_little(script: str) -> None:
    start = time.thread_time()  # of this parser, whatever else the machine is doing
    parse_player(f"<html><script>{script}</script></html>", HERE)
    assert time.thread_time() - start < 3


def test_too_many_elements_are_refused_quickly() -> None:
    start = time.monotonic()
    with pytest.raises(SourceError):
        parse_player("<p>" * 1_000_000, HERE)
    assert time.monotonic() - start < 1
