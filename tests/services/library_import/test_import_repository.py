"""Rows of imports: one active run, candidates that matching refreshes and people decide, undo."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from aniworld.core.errors import AlreadyRunning, Conflict, InvalidInput, NotFound
from aniworld.models import Database, ImportRun
from aniworld.models.imports import STATES, folder_id
from aniworld.services.library_import.repository import (
    ImportCandidateRepository,
    ImportRunRepository,
    MatchedFolder,
    RunEnd,
)

LINK = "https://aniworld.to/anime/stream/dark"
HIT = {"link": LINK, "title": "Dark", "site": "aniworld.to", "year": 2017, "score": 1.0}


@pytest.fixture
def runs(database: Database) -> ImportRunRepository:
    return ImportRunRepository(database)


@pytest.fixture
def candidates(database: Database) -> ImportCandidateRepository:
    return ImportCandidateRepository(database)


def matched(folder: str, state: str = "certain", episodes: int = 1) -> MatchedFolder:
    link = LINK if state == "certain" else None
    hits = () if state == "unknown" else (HIT,)
    return MatchedFolder(folder, state, "title", 3, episodes, ("ger-dub",), hits, link=link)


# ── runs ────────────────────────────────────────────────────────────────────


def test_one_run_is_active_at_a_time(runs: ImportRunRepository) -> None:
    assert runs.latest() is None
    run = runs.begin("match", ["a"])
    assert (run.kind, run.status, run.folder_ids) == ("match", "running", ["a"])
    with pytest.raises(AlreadyRunning):
        runs.begin("import")
    assert runs.progress(run.id, phase="titles", current=1, total=2)
    runs.end(run.id, RunEnd(failures=[{"folder_id": "a", "folder": "A", "error": "gone"}]))
    ended = runs.get(run.id)
    assert (ended.status, ended.phase, ended.current, ended.total) == ("completed", "titles", 1, 2)
    assert ended.failures == [{"folder_id": "a", "folder": "A", "error": "gone"}]
    assert ended.completed_at is not None
    second = runs.begin("import")
    latest = runs.latest()
    assert latest is not None and latest.id == second.id


def test_a_cancelled_run_learns_of_it_with_its_next_progress(runs: ImportRunRepository) -> None:
    assert not runs.cancel()
    run = runs.begin("import")
    assert runs.cancel()
    assert not runs.progress(run.id, phase="import", current=1, total=9)
    runs.end(run.id, RunEnd("cancelled"))
    assert runs.get(run.id).status == "cancelled"
    assert not runs.progress(run.id, phase="import", current=2, total=9), "it has ended"


def test_a_run_without_a_sign_of_life_is_failed_and_gives_way(runs: ImportRunRepository, database: Database) -> None:
    run = runs.begin("import")
    with database.writing() as session:
        session.execute(update(ImportRun).values(seen_at=run.started_at - timedelta(minutes=2)))
    latest = runs.latest()
    assert latest is not None and latest.status == "failed" and latest.error
    second = runs.begin("import")
    runs.end(run.id, RunEnd())
    assert (runs.get(run.id).status, runs.get(second.id).status) == ("failed", "running")


def test_the_last_fifty_runs_are_kept(runs: ImportRunRepository, database: Database) -> None:
    for _ in range(55):
        runs.end(runs.begin("match").id, RunEnd())
    with database.reading() as session:
        assert len(session.scalars(select(ImportRun.id)).all()) == 50


def test_an_unknown_run_is_not_found(runs: ImportRunRepository) -> None:
    with pytest.raises(NotFound):
        runs.get("x")


# ── candidates ──────────────────────────────────────────────────────────────


def test_matching_again_refreshes_what_nobody_decided(candidates: ImportCandidateRepository) -> None:
    candidates.record([matched("A", "unknown"), matched("B"), matched("C", "likely"), matched("D")])
    candidates.choose(folder_id("A"), link="https://s.to/serie/a")
    candidates.ignore(folder_id("B"), True)
    candidates.record([matched("A"), matched("B"), matched("C", "certain", episodes=7), matched("E")])
    by_folder = {one.folder: one for one in candidates.page().candidates}
    assert [(name, one.state) for name, one in by_folder.items()] == [
        ("A", "chosen"),
        ("B", "ignored"),
        ("C", "certain"),
        ("D", "certain"),
        ("E", "certain"),
    ]
    assert by_folder["A"].link == "https://s.to/serie/a"
    assert by_folder["A"].candidates == [HIT], "the other hits are offered all the same"
    assert (by_folder["C"].episodes, by_folder["C"].languages, by_folder["C"].link) == (7, ["ger-dub"], LINK)


def test_folders_that_are_gone_are_forgotten_but_decisions_stay(candidates: ImportCandidateRepository) -> None:
    candidates.record([matched("A"), matched("B"), matched("C", "likely")])
    candidates.ignore(folder_id("A"), True)
    assert candidates.forget_except(["C"]) == 1
    assert [one.folder for one in candidates.page().candidates] == ["A", "C"]


def test_pages_by_state_and_name(candidates: ImportCandidateRepository) -> None:
    candidates.record([matched(f"Series {number:02}") for number in range(12)] + [matched("100%", "unknown")])
    page = candidates.page(state="certain", page=2, page_size=5)
    assert ([one.folder for one in page.candidates], page.total) == ([f"Series {n:02}" for n in range(5, 10)], 12)
    assert [one.folder for one in candidates.page(q="0%").candidates] == ["100%"]
    assert candidates.page(q="sERIES 1").total == 2
    with pytest.raises(InvalidInput, match="state"):
        candidates.page(state="sure")
    assert candidates.counts() == dict.fromkeys(STATES, 0) | {"certain": 12, "unknown": 1}


def test_an_ignored_folder_comes_back(candidates: ImportCandidateRepository) -> None:
    candidates.record([matched("A"), matched("B", "unknown")])
    for name in "AB":
        candidates.ignore(folder_id(name), True)
    assert candidates.ignore(folder_id("A"), False).state == "likely"
    assert candidates.ignore(folder_id("B"), False).state == "unknown"


def test_a_choice_needs_a_series_and_a_known_mode(candidates: ImportCandidateRepository) -> None:
    candidates.record([matched("A")])
    with pytest.raises(InvalidInput):
        candidates.choose(folder_id("A"))
    with pytest.raises(InvalidInput, match="mode"):
        candidates.choose(folder_id("A"), series_key="dark", mode="swap")
    with pytest.raises(NotFound):
        candidates.choose("x", series_key="dark")
    chosen = candidates.choose(folder_id("A"), series_key="dark", mode="add_folder")
    assert (chosen.state, chosen.series_key, chosen.mode, chosen.link) == ("chosen", "dark", "add_folder", None)


def test_certain_and_chosen_folders_are_imported_most_episodes_first(candidates: ImportCandidateRepository) -> None:
    candidates.record([matched("A", episodes=1), matched("B", episodes=9), matched("C", "likely"), matched("D")])
    candidates.choose(folder_id("C"), series_key="c")
    candidates.ignore(folder_id("D"), True)
    assert [one.folder for one in candidates.to_import()] == ["B", "A", "C"]
    assert [one.folder for one in candidates.to_import([folder_id("A")])] == ["A"]
    with pytest.raises(Conflict, match="D has no series"):
        candidates.to_import([folder_id("D")])
    with pytest.raises(NotFound):
        candidates.to_import(["x"])


def test_an_import_is_recorded_and_undone(
    runs: ImportRunRepository, candidates: ImportCandidateRepository, database: Database
) -> None:
    candidates.record([matched("A"), matched("A Season 2"), matched("B", "likely"), matched("C")])
    candidates.choose(folder_id("B"), series_key="b")
    run = runs.begin("import")
    with database.writing() as session:
        candidates.mark_imported(session, folder_id("A"), run.id, "a", added=True)
        candidates.mark_imported(session, folder_id("A Season 2"), run.id, "a", added=True)
        candidates.mark_imported(session, folder_id("B"), run.id, "b", added=False)
    candidates.mark_failed(folder_id("C"), "The folder cannot be read.")
    with pytest.raises(Conflict, match="imported already"):
        candidates.ignore(folder_id("A"), True)
    assert candidates.get(folder_id("C")).error == "The folder cannot be read."
    assert [one.folder for one in candidates.to_import()] == ["C"]
    with pytest.raises(Conflict, match="still runs"), database.writing() as session:
        runs.mark_undone(session, run.id)
    runs.end(run.id, RunEnd())
    assert (runs.get(run.id).imported, runs.get(run.id).added) == (3, ["a"])
    with database.writing() as session:
        assert runs.mark_undone(session, run.id) == ["a"]
    assert {one.folder: one.state for one in candidates.page().candidates} == {
        "A": "certain",
        "A Season 2": "certain",
        "B": "chosen",
        "C": "certain",
    }
    with pytest.raises(Conflict, match="undone already"), database.writing() as session:
        runs.mark_undone(session, run.id)
