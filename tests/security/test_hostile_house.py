"""A catalogue and a hoster that mean harm, against the whole program: a running server, its queue and its children."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.foreign_site import ForeignSite
from tests.running import Server, until
from tests.security.victim import Victim

TITLE = "../../../outside/\u202egpj.exe <script>alert(1)</script> $(touch ran)"
EPISODES = ("..", "../../x", "/etc/passwd", "CON", "a\x00b\r\nc", "`touch ran`", "{{7*7}} ${7*7}", "x" * 400)


def pages(victim: Victim, trap: Path) -> list[str]:
    """One for each episode: scripts that want to run, and videos where nobody may look."""
    private = f"127.0.0.2:{victim.port}"
    return [
        f'<video src="http://{private}/a.mp4"></video>',
        f'<iframe src="http://{private}/e"></iframe>',
        (
            f"<script>require('fs').writeFileSync('{trap}','x');__import__('os').system('touch"
            f" {trap}');while(1){{}}</script>"
        ),
        f'<script>jwplayer("p").setup({{file:"http://[::ffff:127.0.0.2]:{victim.port}/a.m3u8"}})</script>',
        '<video src="file:///etc/passwd"></video><source src="concat:/etc/passwd|/etc/group">',
        (
            f'<meta http-equiv="refresh" content="0;url=http://{private}/"><base href="http://{private}/"><video'
            ' src="a.mp4"></video>'
        ),
        f'<video src="http://public.example@{private}/a.mp4"></video>',
        f"<script>location='http://{private}/';eval(atob('eA=='))</script>" + "<div>" * 3000,
    ]


@pytest.fixture
def victim() -> Iterator[Victim]:
    with Victim() as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a02_a11_a14_a18_a39_nothing_of_it_runs_leaves_the_library_or_reaches_the_home_network(
    tmp_path: Path, library: Path, victim: Victim
) -> None:
    trap = tmp_path / "ran"
    shown = pages(victim, trap)

    def hoster(path: str, wanted: str) -> tuple[int, dict, bytes]:
        number = path.removeprefix("/e/")
        if number.isdigit() and int(number) < len(shown):
            return (
                200,
                {"Content-Type": "text/html", "Content-Disposition": 'attachment; filename="../../x.sh"'},
                shown[int(number)].encode(),
            )
        return 404, {}, b"nothing"

    rows = [
        {"de": title, "en": title, "copies": [("ger-dub", "../../VOE", f"/e/{n}")]} for n, title in enumerate(EPISODES)
    ]
    series = {"evil": {"title": TITLE, "about": "<img src=x onerror=alert(1)>", "seasons": {1: rows}}}
    with ForeignSite(series, hoster) as site:
        server = Server(
            tmp_path / "instance",
            ANIWORLD_CATALOGUE_URL=site.url,
            ANIWORLD_PRIVATE_HOSTS=site.private_hosts,
            ANIWORLD_LIBRARY=str(library),
        ).start()
        try:
            server.configure(
                catalogue={"requests_per_second": 50},
                download={"min_free_space_mb": 10, "niceness": 0, "retry_limit": 0, "concurrency": 4},
            )
            server.post("/api/anime/add", {"link": f"{site.url}/anime/stream/evil"}, 201)
            detail = until(lambda: (found := server.get("/api/anime/evil"))["episodes"] and found, 40)
            assert not set(detail["folder"]) & set("/\\\0\n\r\u202e") and detail["folder"] not in ("", ".", "..")
            wish = {
                "serie_id": "evil",
                "serie_folder": "../../elsewhere",
                "episodes": [f"S01E{n:02}" for n in range(1, len(rows) + 1)],
            }
            assert len(server.post("/api/queue/add", wish, 201)["added"]) == len(rows)
            server.post("/api/queue/start")
            failed = until(
                lambda: len(found := server.get("/api/queue/status")["failed_downloads"]) == len(rows) and found, 120
            )
            for item in failed:
                assert item["error"] and "Traceback" not in item["error"] and "root:" not in item["error"]
            page = server.call("GET", "/series/evil").text + server.call("GET", "/queue").text
            assert "<script>alert(1)" not in page and "<img src=x" not in page and "49 49" not in page
            assert server.call("GET", "/api/queue/status").status_code == 200
            assert "Traceback" not in server.log.read_text()
        finally:
            server.stop()
    assert victim.heard == 0
    assert not trap.exists() and not list(tmp_path.rglob("ran")) and not (tmp_path.parent / "outside").exists()
    kept = [path for path in library.rglob("*") if path.is_file()]
    assert not [path for path in kept if path.suffix in (".sh", ".exe", ".mp4", ".mkv")]
    assert {path.name for path in tmp_path.iterdir()} <= {"instance", "instance.log", "library"}
