"""The REST interface over a real connection: each endpoint, good, bad, huge and hostile."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests

from aniworld.core.keys import RESERVED
from aniworld.models import Database, DownloadQueueItem
from tests.running import PASSWORD, Server

PROBLEM = "application/problem+json"


def problem(answer: requests.Response, status: int) -> dict[str, Any]:
    """The problem document of ``answer``, which has to be one, with ``status``."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    facts: dict[str, Any] = answer.json()
    assert facts["status"] == status
    assert facts["title"]
    assert facts["detail"]
    assert "Traceback" not in answer.text
    return facts


# ── sign-in ────────────────────────────────────────────────────────────────


def test_status_needs_no_sign_in_and_tells_who_asks(running: Server, visitor: requests.Session) -> None:
    stranger = visitor.get(running.url + "/api/auth/status").json()
    assert stranger == {"configured": True, "authenticated": False, "expires_at": None}
    owner = running.get("/api/auth/status")
    assert owner["authenticated"]
    assert owner["expires_at"].endswith("Z")


def test_login_gives_a_token_and_a_cookie(running: Server, visitor: requests.Session) -> None:
    answer = visitor.post(running.url + "/api/auth/login", json={"password": PASSWORD, "remember": True})
    facts = answer.json()
    assert (facts["token_type"], facts["expires_at"][-1]) == ("Bearer", "Z")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert visitor.get(running.url + "/api/auth/sessions").status_code == 200


@pytest.mark.parametrize(
    "proof", [{"Authorization": "Bearer of.old.days"}, {"Authorization": "Bearer"}, {"X-Api-Key": "aw_" + "x" * 43}]
)
def test_where_anybody_may_come_an_old_proof_is_nobodys(running: Server, proof: dict[str, str]) -> None:
    status = requests.get(running.url + "/api/auth/status", headers=proof)
    assert (status.status_code, status.json()["authenticated"]) == (200, False)
    health = requests.get(running.url + "/health", headers=proof, allow_redirects=False)
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    again = requests.post(running.url + "/api/auth/login", json={"password": PASSWORD}, headers=proof)
    assert again.status_code == 200
    problem(requests.get(running.url + "/api/queue/status", headers=proof), 401)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"password": 7}, 422),
        ({"password": PASSWORD, "user": "x"}, 422),
        ({"password": ""}, 422),
        ({"password": "x" * 1025}, 422),
        ({"password": PASSWORD, "remember": "yes"}, 422),
        ([], 422),
        ("x", 422),
        (None, 422),
    ],
)
def test_a_login_that_is_none_is_refused(running: Server, body: Any, status: int) -> None:
    answer = requests.post(
        running.url + "/api/auth/login", data=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert problem(answer, status)["errors"]


def test_setup_is_over_once_a_password_stands(running: Server) -> None:
    problem(requests.post(running.url + "/api/auth/setup", json={"password": "another one"}), 409)


def test_logout_is_at_once_and_for_good(running: Server, visitor: requests.Session) -> None:
    token = visitor.post(running.url + "/api/auth/login", json={"password": PASSWORD}).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.post(running.url + "/api/auth/logout", headers=headers).status_code == 204
    problem(requests.get(running.url + "/api/auth/sessions", headers=headers), 401)
    problem(visitor.get(running.url + "/api/auth/sessions"), 401)


def test_sessions_can_be_ended_one_by_one(running: Server, visitor: requests.Session) -> None:
    visitor.post(running.url + "/api/auth/login", json={"password": PASSWORD})
    (mine,) = [one for one in visitor.get(running.url + "/api/auth/sessions").json() if one["current"]]
    assert running.call("DELETE", f"/api/auth/sessions/{mine['id']}").status_code == 204
    problem(visitor.get(running.url + "/api/auth/sessions"), 401)
    problem(running.call("DELETE", f"/api/auth/sessions/{mine['id']}"), 404)


def test_a_key_that_may_read_only_reads(running: Server) -> None:
    made = running.post("/api/auth/keys", {"name": "Lesen", "scope": "read"}, 201)
    headers = {"X-Api-Key": made["key"]}
    assert requests.get(running.url + "/api/queue/status", headers=headers).status_code == 200
    problem(requests.post(running.url + "/api/queue/stop", headers=headers), 403)
    assert running.get("/api/auth/keys")[0]["key"] is None
    assert running.call("DELETE", f"/api/auth/keys/{made['id']}").status_code == 204
    problem(requests.get(running.url + "/api/queue/status", headers=headers), 401)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "scope": "read"},
        {"name": " ", "scope": "read"},
        {"name": "x", "scope": "admin"},
        {"name": "x\0", "scope": "read"},
    ],
)
def test_a_key_has_a_name_and_a_known_scope(running: Server, body: dict[str, str]) -> None:
    problem(running.call("POST", "/api/auth/keys", body), 422)


@pytest.mark.parametrize(
    "name", ["Lesen\nSchreiben", "\x1b[31mrot", "nur\u202enesel", "a\u2066b\u2069", "a\u2028b", "\x7f"]
)
@pytest.mark.parametrize(
    ("method", "path", "field", "wish"),
    [
        ("POST", "/api/auth/keys", "name", {"scope": "read"}),
        ("POST", "/api/anime/add", "name", {"link": "https://aniworld.to/anime/stream/never-added"}),
        ("PATCH", "/api/anime/never-added", "name", {}),
        ("POST", "/api/queue/add", "serie_name", {"serie_id": "never-added", "episodes": ["S01E01"]}),
    ],
)
def test_what_others_read_is_plain_text_in_one_line(
    running: Server, method: str, path: str, field: str, wish: dict[str, Any], name: str
) -> None:
    refused = problem(running.call(method, path, wish | {field: name}), 422)
    assert refused["errors"] == {field: ["Holds control characters; write plain text in one line."]}


def test_a_name_may_be_in_any_script(running: Server) -> None:
    name = "进击の巨人 שלום \u200f👨\u200d👩\u200d👧 Größe"
    made = running.post("/api/auth/keys", {"name": name, "scope": "read"}, 201)
    assert made["name"] == name
    assert running.call("DELETE", f"/api/auth/keys/{made['id']}").status_code == 204


def test_spaces_around_a_name_are_taken_off(running: Server) -> None:
    made = running.post("/api/auth/keys", {"name": "\n Lesen ", "scope": "read"}, 201)
    assert made["name"] == "Lesen"
    assert running.call("DELETE", f"/api/auth/keys/{made['id']}").status_code == 204


# ── configuration ──────────────────────────────────────────────────────────


def test_a_setting_is_changed_backed_up_and_restored(running: Server) -> None:
    before = running.get("/api/config/")
    kept = running.post("/api/config/backups", status=201)
    assert running.configure(download={"connections": 5})["download"]["connections"] == 5
    assert running.get("/api/config/backups")[0]["kind"] == "auto"
    assert running.get(f"/api/config/backups/{kept['name']}")["download"] == before["download"]
    assert running.post(f"/api/config/backups/{kept['name']}/restore")["download"] == before["download"]
    assert running.get("/api/config/backups")[0]["kind"] == "before-restore"
    assert running.call("DELETE", f"/api/config/backups/{kept['name']}").status_code == 204
    problem(running.call("GET", f"/api/config/backups/{kept['name']}"), 404)


def test_wrong_settings_are_named_and_validating_changes_nothing(running: Server) -> None:
    wrong = {"download": {"concurrency": 0}, "nonsense": 1}
    facts = problem(running.call("PUT", "/api/config/", wrong), 422)
    assert set(facts["errors"]) == {"download.concurrency", "nonsense"}
    verdict = running.post("/api/config/validate", wrong, 200)
    assert (verdict["valid"], set(verdict["errors"])) == (False, set(facts["errors"]))
    assert running.post("/api/config/validate", {"ui": {"theme": "dark"}}, 200) == {"valid": True, "errors": {}}
    assert running.get("/api/config/")["ui"]["theme"] == "auto"


# ── series, scan, queue ────────────────────────────────────────────────────


def test_lists_are_arrays_with_their_totals_in_a_header(running: Server) -> None:
    answer = running.call("GET", "/api/anime/?page=1&page_size=10&missing=true&sort_by=missing&order=desc")
    assert answer.json() == []
    assert json.loads(answer.headers["X-Pagination"])["total"] == 0
    assert running.call("GET", "/api/anime").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "sort_by=name;drop",
        "page=0",
        "page=x",
        "page_size=100000",
        "order=up",
        "unknown=1",
        "q=" + "x" * 300,
        "missing=perhaps",
        "page=1_0",
        "page=%D9%A3",
        "page=1&page=2",
        "q=x&q=x",
    ],
)
def test_a_query_that_is_not_understood_is_refused(running: Server, query: str) -> None:
    assert problem(running.call("GET", "/api/anime/?" + query), 422)["errors"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/queue/pause?minutes=5"),
        ("GET", "/api/config/?section=ui"),
        ("DELETE", "/api/queue/failed?id=1"),
        ("GET", "/api/auth/status?access_token=x"),
        ("DELETE", "/api/anime/nobody?files=keep&files=recycle"),
    ],
)
def test_what_an_address_takes_is_all_it_may_be_asked(running: Server, method: str, path: str) -> None:
    name = path.partition("?")[2].partition("=")[0]
    assert name in problem(running.call(method, path), 422)["errors"]
    assert not running.get("/api/queue/status")["is_paused"]


@pytest.mark.parametrize(
    "name", ["nobody", "..", "%2e%2e", "x" * 299, "Größe (2013)", "'; DROP TABLE anime_series; --", "%00"]
)
def test_an_unknown_series_is_not_found(running: Server, name: str) -> None:
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/refresh"),
        ("POST", "/restore"),
        ("GET", "/cover"),
    ):
        answer = running.call(method, f"/api/anime/{name}{path}", {} if method == "PATCH" else None)
        assert answer.status_code in (404, 405, 422), (method, path, answer.text)
        assert answer.headers["Content-Type"] == PROBLEM


def test_a_series_is_added_changed_asked_for_by_its_folder_removed_and_restored(running: Server) -> None:
    link = "https://aniworld.to/anime/stream/our-series"
    added = running.call(
        "POST", "/api/anime/add", {"link": link, "name": "Unsere Größe", "folder": "Unsere Größe (2013)"}
    )
    assert (added.status_code, added.json()["key"]) == (201, "our-series")
    assert running.call("POST", "/api/anime/add", {"link": link}).status_code == 200
    assert running.get("/api/anime/our-series")["title"] == "Unsere Größe"
    by_folder = running.call("GET", "/api/anime/Unsere Größe (2013)")
    assert by_folder.json()["key"] == "our-series"
    assert by_folder.headers["Deprecation"] == "true"
    assert by_folder.headers["Link"] == '</api/anime/our-series>; rel="successor-version"'
    assert "Deprecation" not in running.call("GET", "/api/anime/our-series").headers
    assert running.log.read_text().count("by its folder") == 1
    running.call("GET", "/api/anime/Unsere Größe (2013)")
    assert running.log.read_text().count("by its folder") == 1
    changed = running.call("PATCH", "/api/anime/our-series", {"monitored": False, "languages": ["ger-sub"]}).json()
    assert (changed["monitored"], changed["languages"]) == (False, ["ger-sub"])
    problem(running.call("PATCH", "/api/anime/our-series", {"id": 7}), 422)
    assert running.call("DELETE", "/api/anime/our-series?files=keep").status_code == 204
    problem(running.call("DELETE", "/api/anime/our-series?files=destroy"), 422)
    problem(running.call("GET", "/api/anime/our-series"), 404)
    assert running.post("/api/anime/our-series/restore", status=200)["key"] == "our-series"


HOSTILE_FOLDERS = (
    "..",
    "../../etc",
    "/etc/passwd",
    "a/../../b",
    "\\\\host\\c$",
    "ö" * 255,
    ".",
    "\n",
    "con",
    "\u202e..",
)


@pytest.mark.parametrize("folder", HOSTILE_FOLDERS)
def test_a_folder_in_a_request_is_made_a_name_or_refused_as_the_askers_fault(running: Server, folder: str) -> None:
    link = "https://aniworld.to/anime/stream/hostile-folder"
    answers = [
        running.call("POST", "/api/anime/add", {"link": link, "folder": folder}),
        running.call("PATCH", "/api/anime/hostile-folder", {"folder": folder}),
        running.call("POST", "/api/anime/unmatched/match", {"folder": folder, "key": None}),
        running.call(
            "POST",
            "/api/queue/add",
            {"serie_id": "hostile-queue", "serie_name": "x", "serie_folder": folder, "episodes": ["S01E01"]},
        ),
    ]
    assert {one.status_code for one in answers} <= {200, 201, 404, 422}, [one.text for one in answers]
    named = [one.json().get("folder") or "" for one in answers[:2]]
    named += [one["serie_folder"] for one in answers[3].json()["added"]]
    assert not any("/" in name or name.strip(" .") != name for name in named)
    for one in answers[3].json()["added"]:
        running.call("DELETE", f"/api/queue/{one['id']}")
    running.call("DELETE", "/api/anime/hostile-folder")


def test_no_series_is_hidden_by_a_word_of_the_addresses(running: Server) -> None:
    paths = running.get("/api/openapi.json")["paths"]
    words = {path.split("/")[3] for path in paths if path.startswith("/api/anime/")} - {""}
    assert {word for word in words if not word.startswith("{")} == RESERVED
    added = running.post("/api/anime/add", {"link": "https://aniworld.to/anime/stream/search"}, 201)
    assert (added["key"], added["link"]) == ("search-series", "http://127.0.0.1:9/anime/stream/search")
    assert running.get("/api/anime/search-series")["key"] == "search-series"
    assert running.call("DELETE", "/api/anime/search-series").status_code == 204


@pytest.mark.parametrize(
    "link",
    [
        "",
        "https://evil.example/anime/stream/a",
        "file:///etc/passwd",
        "http://169.254.169.254/anime/stream/a",
        "https://aniworld.to/anime/stream/our\nseries",
        "https://aniworld.to/anime/stream/" + "x" * 256,
        "https://aniworld.to/anime/stream/---",
        7,
        None,
    ],
)
def test_a_link_of_no_known_source_is_refused(running: Server, link: Any) -> None:
    assert "link" in problem(running.call("POST", "/api/anime/add", {"link": link}), 422)["errors"]


@pytest.mark.slow
def test_a_catalogue_that_does_not_answer_is_said_with_what_to_do(running: Server) -> None:
    answer = running.call("POST", "/api/anime/search", {"query": "Titan"})
    assert problem(answer, 503)["code"] == "site_unreachable"
    assert int(answer.headers["Retry-After"]) > 0
    problem(running.call("POST", "/api/anime/search", {"query": "   "}), 422)


def test_a_scan_is_started_seen_and_cancelled(running: Server) -> None:
    answer = running.call("POST", "/api/anime/rescan")
    assert answer.status_code in (202, 409), answer.text
    assert running.get("/api/anime/scan")["scan_id"]
    assert running.call("DELETE", "/api/anime/scan").status_code == 200
    problem(running.call("POST", "/api/anime/rescan", {"keys": ["../x"]}), 422)
    assert isinstance(running.get("/api/anime/unmatched"), list)


def test_episodes_are_queued_in_both_forms_moved_and_removed(running: Server) -> None:
    wish = {
        "serie_id": "queued-series",
        "serie_name": "Größe",
        "serie_folder": "Größe",
        "priority": "high",
        "episodes": ["S01E02", {"season": 1, "episode": 3}, "S01E02"],
    }
    added = running.post("/api/queue/add", wish, 201)
    assert [(one["season"], one["episode"]) for one in added["added"]] == [(1, 2), (1, 3)]
    again = running.post("/api/queue/add", wish, 201)
    assert (again["added"], {one["episode"] for one in again["skipped"]}) == ([], {"S01E02", "S01E03"})
    first = added["added"][0]["id"]
    assert running.call("PATCH", f"/api/queue/{first.upper()}", {"priority": 0}).json()["priority"] == "low"
    assert running.get("/api/queue/items?q=Größe&status=pending")
    status = running.get("/api/queue/status?limit=1")
    assert len(status["pending_queue"]) == 1
    assert status["statistics"]["pending"] == 2
    for one in added["added"]:
        assert running.call("DELETE", f"/api/queue/{one['id']}").status_code == 204
    problem(running.call("DELETE", f"/api/queue/{first}"), 404)
    problem(running.call("PATCH", "/api/queue/not-a-uuid", {}), 404)


@pytest.mark.parametrize(
    "more",
    [
        {"episodes": []},
        {"episodes": ["S01E02", "S01"]},
        {"episodes": ["S01E02", {"season": 1}]},
        {"episodes": "S01E02"},
        {"episodes": [{"season": 1, "episode": 0}]},
        {"episodes": [{"season": -1, "episode": 1}]},
        {"episodes": [["S01E01"]]},
        {"episodes": [{"season": 1, "episode": 1, "path": "../x"}]},
        {"episodes": ["S01E01"] * 2001},
        {"episodes": ["S01E99999"]},
        {"priority": "urgent"},
        {"priority": True},
        {"priority": 3},
        {"serie_id": "../x"},
        {"serie_id": ""},
        {"unknown": 1},
        {"languages": ["klingon!"]},
        {"serie_folder": "x" * 256},
        {"source": "nowhere", "serie_name": "Nirgendwo"},
    ],
)
def test_a_bad_download_request_queues_nothing(running: Server, more: dict[str, Any]) -> None:
    wish = {"serie_id": "bad-series", "episodes": ["S01E01"]} | more
    assert problem(running.call("POST", "/api/queue/add", wish), 422)["errors"]
    assert running.get("/api/queue/status")["statistics"]["pending"] == 0


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("/api/anime/search", {"query": "x"}),
        ("/api/anime/add", {"link": "https://aniworld.to/anime/stream/nowhere-at-all"}),
        ("/api/queue/add", {"serie_id": "nowhere", "serie_name": "Nirgendwo", "episodes": ["S01E01"]}),
    ],
)
def test_a_catalogue_that_is_none_is_refused_alike_with_those_that_there_are(
    running: Server, path: str, wish: dict[str, Any]
) -> None:
    refused = problem(running.call("POST", path, wish | {"source": "nowhere"}), 422)
    assert refused["errors"] == {"source": ["Must be the name of a catalogue."]}
    assert refused["detail"] == "There is no catalogue named 'nowhere', only aniworld.to, playlists, s.to."


def test_a_catalogue_is_known_by_its_short_name_too(running: Server) -> None:
    for number, source in enumerate(("aniworld.to", "aniworld", " Aniworld.TO "), 1):
        wish = {"serie_id": "short", "serie_name": "Kurz", "episodes": [f"S01E0{number}"], "source": source}
        assert len(running.post("/api/queue/add", wish, 201)["added"]) == 1, source


def test_the_queue_starts_stops_pauses_and_goes_on(running: Server) -> None:
    assert running.post("/api/queue/start")["is_running"]
    assert running.post("/api/queue/pause", {"minutes": 5})["paused_until"].endswith("Z")
    assert not running.post("/api/queue/resume")["is_paused"]
    assert not running.post("/api/queue/stop")["is_running"]
    assert running.post("/api/queue/retry")["failed_downloads"] == []
    assert running.call("DELETE", "/api/queue/completed").json() == {"removed": 0}
    assert running.call("DELETE", "/api/queue/failed").json() == {"removed": 0}
    for minutes in (0, -1, "5", 1e9):
        problem(running.call("POST", "/api/queue/pause", {"minutes": minutes}), 422)
    problem(running.call("POST", "/api/queue/start", {"force": True}), 422)


# ── operations and errors ──────────────────────────────────────────────────


def test_health_facts_and_document(running: Server) -> None:
    assert requests.get(running.url + "/health").json() == {"status": "ok"}
    assert {"name", "level", "message", "advice"} <= running.get("/api/health")["checks"][0].keys()
    assert running.get("/api/system")["versions"]["yt-dlp"]
    document = running.get("/api/openapi.json")
    assert document["openapi"].startswith("3.1")
    page = running.call("GET", "/api/docs")
    assert (page.headers["Content-Type"], "/api/queue/add" in page.text) == ("text/html; charset=utf-8", True)
    problem(running.call("GET", "/metrics"), 404)


def test_sources_are_woken_by_name_or_all(running: Server) -> None:
    assert running.post("/api/system/wake", {}) == {"woken": []}
    assert running.post("/api/system/wake", {"site": "aniworld.to"}) == {"woken": []}
    for wrong in ({"site": ""}, {"site": 7}, {"site": "x" * 256}, {"sites": []}, []):
        problem(running.call("POST", "/api/system/wake", wrong), 422)


def test_every_answer_carries_an_id_of_its_own(running: Server) -> None:
    paths = ("/health", "/api/queue/status", "/api/anime/nothing", "/login", "/static/styles.css")
    ids = [running.call("GET", path).headers["X-Request-Id"] for path in (*paths, *paths)]
    assert len(set(ids)) == len(ids)
    assert all(len(one) == 12 for one in ids)


def test_every_operation_is_documented_with_what_can_go_wrong(running: Server) -> None:
    paths = running.get("/api/openapi.json")["paths"]
    assert len(paths) > 30
    for path, operations in paths.items():
        for method, operation in operations.items():
            if method not in ("parameters", "summary"):
                outside = {"401"} if path == "/health" else set()
                assert {"400", "401", "503"} - outside <= operation["responses"].keys(), path
                assert operation["summary"], path


def test_the_document_names_headers_and_has_patterns_of_its_readers(running: Server) -> None:
    text = running.call("GET", "/api/openapi.json").text
    assert "\\Z" not in text
    paths = json.loads(text)["paths"]
    listing, one = paths["/api/anime"]["get"]["responses"], paths["/api/anime/{anime_id}"]["get"]["responses"]
    assert set(listing["200"]["headers"]) == {"X-Pagination"}
    assert set(one["200"]["headers"]) == {"Deprecation", "Link"}
    assert "422" in one
    assert "Retry-After" in paths["/api/auth/login"]["post"]["responses"]["429"]["headers"]
    assert paths["/api/anime/{key}/refresh"]["post"]["responses"]["202"]["content"]["application/json"]


def test_methods_that_are_not_there_are_named(running: Server) -> None:
    answer = running.call("PUT", "/api/queue/start", {})
    problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    assert running.call("HEAD", "/api/queue/status").text == ""
    options = running.call("OPTIONS", "/api/queue/status")
    assert ("GET" in options.headers["Allow"], options.headers.get("Content-Type")) == (True, None)


def test_every_address_names_its_methods_with_and_without_a_trailing_slash(running: Server) -> None:
    paths = running.get("/api/openapi.json")["paths"]
    assert not [path for path in paths if path.endswith("/")]
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    templates = {re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)): operations for path, operations in paths.items()}
    for path, own in paths.items():
        address = re.sub(r"\{[^}]*\}", "11111111-1111-4111-8111-111111111111", path)
        of_address = [operations for template, operations in templates.items() if template.fullmatch(address)]
        taken = methods & {name.upper() for operations in of_address for name in operations}
        for method in methods - taken:
            for spelling in (address, f"{address}/"):
                answer = running.call(method, spelling, {})
                problem(answer, 405)
                allowed = set(answer.headers["Allow"].split(", "))
                assert methods & {name.upper() for name in own} <= allowed <= taken | {"HEAD", "OPTIONS"}, spelling


def test_both_spellings_of_an_address_answer_alike(running: Server) -> None:
    for path in ("/api/anime", "/api/config", "/api/backups", "/api/recycle", "/api/queue/status", "/health"):
        assert running.call("GET", path).status_code == running.call("GET", f"{path}/").status_code == 200, path
    problem(running.call("GET", "/api/anime//"), 404)
    assert running.call("GET", "/static/styles.css/").status_code == 404
    assert running.call("GET", "/queue/").status_code == 200


def test_the_document_has_what_is_outside_of_the_api_and_how_a_browser_signs_in(running: Server) -> None:
    document = running.get("/api/openapi.json")
    paths = document["paths"]
    assert paths["/health"]["get"]["security"] == []
    assert {"200", "404"} <= paths["/metrics"]["get"]["responses"].keys()
    assert "101" in paths["/ws/connect"]["get"]["responses"]
    cookie = document["components"]["securitySchemes"]["cookie"]
    assert (cookie["type"], cookie["in"]) == ("apiKey", "cookie")
    assert cookie["name"] in running.session.cookies
    assert {"cookie": []} in document["security"]
    assert "/ws/connect" in running.call("GET", "/api/docs").text


def test_a_shorter_history_is_cut_at_once(running: Server) -> None:
    database = Database.at(f"sqlite:///{running.instance / 'aniworld.db'}")
    with database.writing() as session:
        for number in range(1, 6):
            item = DownloadQueueItem(serie_id="gone", season=1, episode=number, status="failed", downloaded_bytes=7)
            session.add(item)
    database.close()
    assert running.get("/api/queue/status")["statistics"]["downloaded_bytes"] == 35
    assert running.call("PUT", "/api/config", {"download": {"history_limit": 2}}).status_code == 200
    status = running.get("/api/queue/status")
    assert (status["statistics"]["failed"], status["statistics"]["downloaded_bytes"]) == (2, 14)
    running.call("PUT", "/api/config", {"download": {"history_limit": 500}})
    running.call("DELETE", "/api/queue/failed")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"query": NaN}', "application/json", 400),
        (b'{"query": "\\ud800"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"query": ' + b"[" * 50 + b"]" * 50 + b"}", "application/json", 400),
        (b'{"query": ' + b"1" * 5000 + b"}", "application/json", 400),
        (b'{"query": "x"}', "text/plain", 415),
        (b"query=x", "application/x-www-form-urlencoded", 415),
        (b"<query/>", "", 415),
        (b'{"query": "' + b"x" * 1_100_000 + b'"}', "application/json", 413),
    ],
    ids=range(11),
)
def test_a_body_that_is_no_json_is_refused(running: Server, content: bytes, kind: str, status: int) -> None:
    answer = running.session.post(running.url + "/api/anime/search", data=content, headers={"Content-Type": kind})
    problem(answer, status)


def test_a_body_without_end_is_not_read_to_its_end(running: Server) -> None:
    def endless() -> Any:
        for _ in range(64):
            yield b"x" * 65536

    try:
        answer = running.session.post(
            running.url + "/api/anime/search", data=endless(), headers={"Content-Type": "application/json"}
        )
    except requests.ConnectionError:
        return  # hung up on in the middle: as good an answer
    problem(answer, 413)


def test_pages_that_are_not_there_are_pages_and_api_errors_are_never(running: Server) -> None:
    assert "text/html" in running.call("GET", "/nowhere").headers["Content-Type"]
    problem(running.call("GET", "/api/nowhere"), 404)
    problem(requests.get(running.url + "/api/nowhere"), 401)
