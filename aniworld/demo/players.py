"""The demo hosters' pages: each states its media in another way, or not at all."""

from __future__ import annotations

import json
from html import escape

from aniworld.demo.facts import Link

DEAD = "Totholz"
CHECKED = "Tresor"
NEEDS_REFERER = "Lichtspiel"


def player(link: Link, media: str, seconds: int) -> tuple[int, str]:
    """Status and HTML of the page that a hoster shows for a link. ``media``: path or address of its file."""
    title = f"{link.series.title} {link.episode.code}"
    build = _PAGES.get(link.copy.hoster, _video_tag)
    status = 404 if link.copy.hoster == DEAD else 403 if link.copy.hoster == CHECKED else 200
    return status, build(escape(title), media, seconds)


def protection() -> str:
    """What a site shows instead of its page when it wants to see a browser."""
    return (
        "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1><div"
        ' class="cf-turnstile" data-sitekey="demo"></div><script'
        ' src="/cdn-cgi/challenge-platform/demo.js"></script></body></html>'
    )


def _page(title: str, head: str, body: str) -> str:
    return (
        "<!DOCTYPE html><html><head><meta"
        f' charset="utf-8"><title>{title}</title>{head}</head><body>{body}</body></html>'
    )


def _video_tag(title: str, media: str, seconds: int) -> str:
    """Vulkan: the plain way. Halbmond uses it too, and states a length that its file does not keep."""
    head = f'<meta property="og:title" content="{title}"><meta property="og:video:duration" content="{seconds}">'
    return _page(
        title, head, f'<video id="player" controls preload="none"><source src="{media}" type="video/mp4"></video>'
    )


def _jw_player(title: str, media: str, seconds: int) -> str:
    """Streamwerk: a set-up call with escaped slashes, a poster and captions that are not the film."""
    setup = json.dumps(media).replace("/", "\\/")
    script = (
        f'jwplayer("vplayer").setup({{sources: [{{file: {setup}, label: "360p", type: "mp4"}}], image: "/poster.jpg", '
        f'duration: "{seconds}", tracks: [{{file: "/captions.vtt", kind: "captions"}}], width: "100%"}});'
    )
    return _page(title, "", f'<div id="vplayer"></div><script type="text/javascript">{script}</script>')


def _open_graph(title: str, media: str, seconds: int) -> str:
    """Lichtspiel: Open Graph and JSON-LD, relative addresses; its media want this page as referer."""
    video = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": title,
        "contentUrl": media,
        "duration": f"PT{seconds}S",
    }
    head = (
        f'<meta property="og:video" content="{media}"><script type="application/ld+json">{json.dumps(video)}</script>'
    )
    return _page(title, head, '<div class="stage"></div>')


def _script_address(title: str, media: str, seconds: int) -> str:
    """Wellenbad: the address of a playlist in a script, nothing else."""
    return _page(
        title,
        "",
        f'<div id="p"></div><script>var hls = new Hls(); hls.loadSource("{media}"); var len = {seconds};</script>',
    )


def _plyr(title: str, media: str, seconds: int) -> str:
    """Vidpol: Plyr's source object, with HTML-escaped query."""
    body = (
        f"<video id='plyr' data-duration='{seconds}'></video><script>player.source = {{type: 'video', sources: [{{src:"
        f" '{media}?a=1\\u0026b=2', type: 'video/mp4', size: 360}}]}};</script>"
    )
    return _page(title, "", body)


def _gone(title: str, media: str, seconds: int) -> str:
    return _page(
        "Totholz", "", "<h1>File Not Found</h1><p>The file you were looking for has been removed by its owner.</p>"
    )


def _checked(title: str, media: str, seconds: int) -> str:
    return protection()


_PAGES = {
    "Streamwerk": _jw_player,
    "Lichtspiel": _open_graph,
    "Wellenbad": _script_address,
    "Vidpol": _plyr,
    DEAD: _gone,
    CHECKED: _checked,
}
