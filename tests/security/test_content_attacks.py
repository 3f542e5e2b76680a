"""What hosters, catalogues, files and people hand in: the rows that are about content, each under its number."""

from __future__ import annotations

import ast
import base64
import gzip
import io
import itertools
import json
import pickle
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
import requests

import aniworld
from aniworld.core.errors import AniworldError, NothingThere, SourceError, TooLarge, UnsafePath
from aniworld.core.media import Stream, StreamKind
from aniworld.core.naming import EpisodeNaming, episode_path, inside, path_component, same_name
from aniworld.library.files.place import place
from aniworld.providers.fetch.images import Cover, fetch_cover
from aniworld.providers.hosters.open_player import Embed
from aniworld.providers.plugin_api.testkit import Answer, LoopbackSite, open_gate
from aniworld.services.series.cover_store import CoverFolder
from aniworld.transfer.protocol.job import TransferJob
from tests.running import Server
from tests.security.victim import Victim
from tests.transfer.fixtures import Ask, ask, host
from tests.transfer.media_server import MediaHost, Request

__all__ = ["ask", "host"]

PACKAGE = Path(aniworld.__path__[0])
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def calls(names: set[str]) -> set[str]:
    """Where the package calls one of these bare names."""
    return {
        f"{path.relative_to(PACKAGE)}: {node.func.id}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    }


def imported() -> set[str]:
    names: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {one.name.split(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").split(".")[0])
    return names


def test_a02_a_pages_script_is_read_and_never_run(tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    script = f"""
    require('fs').writeFileSync('{trap}', 'x'); __import__('os').system('touch {trap}');
    eval("require('child_process').exec('touch {trap}')"); while (true) {{}}
    ${{7*7}} {{{{ 7*7 }}}} <%= 7*7 %> ; jwplayer("x").setup({{file: "/v/a.mp4"}});
    """
    with LoopbackSite({"/e/1": f"<script>{script}</script>"}) as site:
        stream = Embed(open_gate()).stream(f"{site.url}/e/1", referer="")
        assert stream.url == f"{site.url}/v/a.mp4"
    assert not trap.exists()
    assert calls({"eval", "exec", "compile", "__import__"}) == set()
    assert not imported() & {"js2py", "dukpy", "quickjs", "py_mini_racer", "execjs", "playwright", "selenium"}


TITLES = (
    "..",
    "../../x",
    "....//x",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "..\\..\\x",
    "a\0b",
    "a\nb",
    "a\r\nb",
    "CON",
    "nul.txt",
    "x.",
    " x ",
    "\u202egpj.exe",
    "\u2025",
    "\uff0e\uff0e\uff0fx",
    "~",
    "~root",
    "$(id)",
    "`id`",
    "-rf",
    "%2e%2e%2f",
    "",
    " ",
    ".",
)


@pytest.mark.parametrize("title", TITLES)
def test_a11_a_title_becomes_one_plain_name_below_the_library(tmp_path: Path, title: str) -> None:
    library = tmp_path / "library"
    library.mkdir()
    source = library / "source"
    source.write_bytes(b"video")
    name = path_component(title)
    assert name not in ("", ".", "..")
    assert not set(name) & set("/\\\0\n\r\u202e")
    template = "{series} - S{season:02}E{episode:02} - {title}"
    relative = PurePosixPath(name) / episode_path(template, EpisodeNaming(title, 1, 1, title=title), ".mp4")
    placed = place(source, library, relative)
    assert placed.resolve().is_relative_to(library.resolve())
    assert len(placed.relative_to(library).parts) == 3


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "link/x"])
def test_a11_the_final_path_is_looked_at_again(tmp_path: Path, path: str) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "link").symlink_to(tmp_path)
    (library / "source").write_bytes(b"video")
    with pytest.raises(UnsafePath):
        inside(library, Path(path))
    with pytest.raises(UnsafePath):
        place(library / "source", library, PurePosixPath(path))


def test_a12_a_cover_has_our_name_our_type_and_a_bound(tmp_path: Path) -> None:
    hostile = {
        "Content-Disposition": 'attachment; filename="../../evil.sh"',
        "Content-Type": "text/html",
        "ETag": "../../x",
    }
    folder = CoverFolder(tmp_path / "covers")
    with LoopbackSite({}) as site:
        site.pages["/..%2F..%2Fx.php"] = Answer(PNG, headers=hostile)
        cover = fetch_cover(open_gate(), f"{site.url}/..%2F..%2Fx.php")
        name = folder.keep(cover)
        site.pages["/svg"] = Answer("<svg onload='x'/>", headers={"Content-Type": "image/png"})
        with pytest.raises(NothingThere):
            fetch_cover(open_gate(), f"{site.url}/svg")
        site.pages["/large"] = Answer(PNG + bytes(6_000_000))
        with pytest.raises(TooLarge):
            fetch_cover(open_gate(), f"{site.url}/large")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")] == [f"covers/{name}"]
    assert cover.content_type == "image/png"
    for other in ("../../x", "/etc/passwd", f"../{name}", name + "\0", name.upper()):
        assert folder.find(other) is None
    assert folder.keep(Cover(PNG, "image/png")) == name


def test_a19_notifications_do_not_reach_the_private_network_and_echo_nothing(running: Server) -> None:
    with Victim() as victim:
        urls = [f"json://127.0.0.2:{victim.port}/canary", f"gotify://127.0.0.2:{victim.port}/t0k3nt0k3nt0k3n"]
        tried = running.post("/api/notifications/test", {"urls": urls})
        assert [one["ok"] for one in tried] == [False, False]
        assert "canary" not in json.dumps(tried)
        assert victim.heard == 0
    for kind in ("exec", "file", "syslog", "dbus", "windows", "macosx", "http", "javascript", "pickle", "sudo"):
        answer = running.call("PUT", "/api/config/", {"notifications": {"urls": [f"{kind}://x/y"]}})
        assert answer.status_code == 422


def test_a22_nothing_unpickles(running: Server, tmp_path: Path) -> None:
    assert not imported() & {"pickle", "cPickle", "dill", "shelve", "marshal", "joblib", "jsonpickle", "yaml"}
    trap = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return open, (str(trap), "w")

    bomb = pickle.dumps(Evil())
    text = base64.urlsafe_b64encode(bomb).decode()
    name = next(iter(requests.get(running.url + "/login").cookies)).name
    for cookie in (text, f"{text}.x.y", "." + text):
        assert requests.get(running.url + "/api/queue/status", cookies={name: cookie}).status_code == 401
    for kind in ("application/json", "application/octet-stream", "application/python-pickle"):
        running.session.post(running.url + "/api/queue/add", data=bomb, headers={"Content-Type": kind})
    assert not trap.exists()


def _zip_with(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


def test_a24_a_backup_is_one_known_file_of_ours_and_never_an_archive(running: Server, tmp_path: Path) -> None:
    backups = running.instance / "backups"
    before = running.get("/api/config/")
    contents = {
        "a": _zip_with("../../../evil.json", b"{}"),
        "b": gzip.compress(b'{"library": {}}' + b" " * 50_000_000),
        "c": b'{"library": ' + b" " * 2_000_000 + b"{}}",
        "d": b"[" * 200_000,
        "e": json.dumps({"library": {"root": "/etc"}}).encode(),
        "f": json.dumps({"download": {"exec": "/bin/sh"}}).encode(),
        "0": b"",
        "1": b"\xff\xfe\x00",
        "2": b'{"download": {"concurrency": 1e999}}',
    }
    for letter, content in contents.items():
        name = f"config-20260101-000000-manual-{letter * 8}.json"
        (backups / name).write_bytes(content)
        assert running.call("POST", f"/api/config/backups/{name}/restore").status_code == 422, letter
        assert running.call("GET", f"/api/config/backups/{name}").status_code in (200, 422)
        (backups / name).unlink()
    (tmp_path / "elsewhere.json").write_text("{}")
    link = backups / "config-20260101-000000-manual-33333333.json"
    link.symlink_to(tmp_path / "elsewhere.json")
    folder = backups / "config-20260101-000000-manual-44444444.json"
    folder.mkdir()
    for name in (link.name, folder.name, "../config.json", "..%2fconfig.json", "config.json", "x.zip"):
        assert running.call("POST", f"/api/config/backups/{name}/restore").status_code in (404, 405)
    link.unlink()
    folder.rmdir()
    assert running.get("/api/config/") == before
    assert not list(running.instance.parent.rglob("evil*"))


INJECTIONS = (
    "name; DROP TABLE anime_series--",
    "name' OR '1'='1",
    "(SELECT digest FROM master_password)",
    "name DESC, (SELECT 1)",
    "id",
    "digest",
    "name--",
    "1",
    "name\0",
    "NAME",
    "created_at",
)


@pytest.mark.parametrize("wish", INJECTIONS)
def test_a25_what_is_sorted_and_searched_by_is_no_sql(running: Server, wish: str) -> None:
    for query in ({"sort_by": wish}, {"order": wish}, {"sort_by": "name", "order": wish}):
        assert running.call("GET", "/api/anime/", params=query).status_code == 422
    for path in ("/api/anime/", "/api/queue/items"):
        for text in (wish.replace("\0", ""), "%", "_", "\\", "' UNION SELECT 1,2,3--", '"'):
            answer = running.call("GET", path, params={"q": text})
            assert (answer.status_code, answer.json()) == (200, [])
    assert running.call("GET", "/api/queue/items", params={"status": wish}).status_code == 422
    assert running.call("GET", f"/api/anime/{wish}'--".replace("\0", "")).status_code == 404


def test_a34_the_download_library_is_told_nothing_that_runs_or_reads(running: Server, tmp_path: Path) -> None:
    from aniworld.transfer.fetchers.ytdlp import options

    stream = Stream(StreamKind.PAGE, "https://x.example/", {"--exec": "id", "Cookie": "a=b"})
    told = options(TransferJob(stream, tmp_path, quality="best; --exec id", language="ger-dub --exec"))
    forbidden = {
        "exec_cmd",
        "postprocessors",
        "outtmpl",
        "netrc_cmd",
        "netrc_location",
        "writelink",
        "writeurllink",
        "config_location",
        "writedesktoplink",
        "plugin_dirs",
        "client_certificate",
        "nocheckcertificate",
        "legacyserverconnect",
        "ffmpeg_location",
        "load_info_filename",
        "external_downloader_args",
        "download_archive",
        "batchfile",
    }
    assert not forbidden & set(told)
    assert (told["external_downloader"], told["cookiesfrombrowser"], told["cookiefile"]) == (None, None, None)
    assert (told["usenetrc"], told["enable_file_urls"], told["proxy"], told["js_runtimes"]) == (False, False, "", {})
    assert "exec" not in str(told["format"])
    shown = running.get("/api/health")
    assert "days old" in json.dumps(shown)
    for setting in ("exec", "netrc_cmd", "external_downloader", "yt_dlp_options", "postprocessors"):
        assert running.call("PUT", "/api/config/", {"download": {setting: "id"}}).status_code == 422


@pytest.mark.parametrize("ending", ["exe", "sh", "desktop", "url", "php", "html", "m3u", "lnk", "bat"])
def test_a34_what_a_hoster_names_otherwise_than_a_video_is_never_kept_so(
    host: MediaHost, ask: Ask, ending: str
) -> None:
    host.files[f"/x.{ending}"] = b"#!/bin/sh\nid\n" * 5000
    asked = ask(f"/x.{ending}")
    with pytest.raises(AniworldError):
        asked.run()
    assert not [name for name in asked.left if name.endswith(ending)]


def test_a39_names_that_a_disk_takes_for_one_are_one_and_none_is_reserved(tmp_path: Path) -> None:
    twins = [("Ghost", "GHOST"), ("Käse", unicodedata.normalize("NFD", "Käse")), ("straße", "STRASSE")]
    assert all(same_name(one, other) for one, other in twins)
    library = tmp_path / "library"
    (library / "Ghost" / "Season 01").mkdir(parents=True)
    for number, series in enumerate(("GHOST", "ghost", "Ghost")):
        source = library / f"source{number}"
        source.write_bytes(str(number).encode())
        place(source, library, PurePosixPath(series, "Season 01", "Ghost - S01E01.mp4"))
    assert [path.name for path in library.iterdir() if path.is_dir() and not path.name.startswith(".")] == ["Ghost"]
    contents = {path.read_bytes() for path in library.rglob("*.mp4")}
    assert contents == {b"0", b"1", b"2"}
    for title in (
        "CON",
        "con.mp4",
        "LPT1",
        "aux. ",
        "x" * 300,
        "ä" * 300,
        "😀" * 100,
        "x" * 238 + "ä",
        "end...",
        "end   ",
    ):
        name = path_component(title)
        assert len(name.encode()) <= 240
        assert name == unicodedata.normalize("NFC", name)
        assert name[-1] not in ". "
        assert name.split(".")[0].upper() not in {"CON", "AUX", "LPT1"}


# ── A41: a site that never ends ─────────────────────────────────────────────


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite({}) as made:
        yield made


@pytest.mark.slow
def test_a41_the_gate_ends_circles_bombs_and_giants(site: LoopbackSite) -> None:
    number = itertools.count()
    site.pages["/circle"] = lambda asked: Answer(status=302, headers={"Location": f"/circle?{next(number)}"})
    site.pages["/bomb"] = Answer(gzip.compress(b"x" * 40_000_000), headers={"Content-Encoding": "gzip"})
    site.pages["/twice"] = Answer(
        gzip.compress(gzip.compress(b"x" * 400_000_000)), headers={"Content-Encoding": "gzip, gzip"}
    )
    site.pages["/large"] = "x" * 9_000_000
    for path in ("/circle", "/bomb", "/twice", "/large"):
        with pytest.raises(SourceError):
            open_gate().get(site.url + path)
    assert len([path for path in site.paths() if path == "/circle"]) == 11


def endless(piece: bytes, kind: str) -> object:
    def fault(request: Request) -> bool:
        request.close_connection = True
        request.head(200, Content_Type=kind, Connection="close")
        while not request.server.host.closed.is_set():
            request.wfile.write(piece)
        return True

    return fault


def drip(request: Request) -> bool:
    request.head(200, Content_Length="100000000", Content_Type="video/mp4")
    while not request.server.host.closed.wait(0.2):
        request.wfile.write(b"\0")
    return True


@pytest.mark.slow
@pytest.mark.parametrize("attack", ["drip", "circle", "bomb", "playlist", "itself"])
def test_a41_a_transfer_ends_what_never_ends(host: MediaHost, ask: Ask, attack: str) -> None:
    kind = StreamKind.HLS if attack in ("playlist", "itself") else StreamKind.FILE
    if attack == "drip":
        host.faults["/x"] = drip
    elif attack == "circle":
        host.faults["/x"] = lambda request: request.answer(302, b"", Location=f"/x?{request.number}") is None
    elif attack == "bomb":
        packed = gzip.compress(b"\0" * 100_000_000, 9)
        host.faults["/x"] = lambda request: request.answer(200, packed, Content_Encoding="gzip") is None
    elif attack == "playlist":
        host.faults["/x"] = endless(b"#EXTM3U\n" + b"#EXTINF:1,\ns.ts\n" * 1000, "application/x-mpegurl")  # type: ignore[assignment]
    else:
        host.files["/x"] = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx\n"
    asked = ask("/x", kind, stall_timeout_s=1.0)
    with pytest.raises(AniworldError):
        asked.run()
    assert host.count["/x"] <= 40
