"""The import of what older installations left: once, carefully, with a line for each file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from aniworld.models import AnimeSeries, Episode, utcnow
from aniworld.services.library_import.legacy import Action, DataMigrationService


@pytest.fixture
def here(tmp_path, database):
    (tmp_path / "library").mkdir()
    return database, DataMigrationService(database), tmp_path / "library"


def leave(root: Path, folder: str, episodes: dict | None = None, key: str | None = None, **more) -> Path:
    (root / folder).mkdir(exist_ok=True)
    facts = {"key": key or folder.lower().replace(" ", "-"), "name": folder, "site": "aniworld.to", "folder": folder}
    (root / folder / "data").write_text(json.dumps(facts | {"episodeDict": episodes or {}} | more), encoding="utf-8")
    return root / folder / "data"


def stored(database) -> dict[str, set[tuple[int, int]]]:
    with database.reading() as session:
        rows = session.execute(select(AnimeSeries.key, Episode.season, Episode.number).outerjoin(Episode)).all()
    found: dict[str, set[tuple[int, int]]] = {}
    for key, season, number in rows:
        found.setdefault(key, set()).update({(season, number)} if number else set())
    return found


def test_new_series_are_created_with_their_missing_episodes(here):
    database, service, root = here
    leave(root, "Attack on Titan", {"1": [1, 2], "0": [1]})
    (root / "Naruto (2002)").mkdir()
    (root / "Naruto (2002)/key").write_text("naruto")
    report = service.migrate_all(root)
    assert stored(database) == {"attack-on-titan": {(1, 1), (1, 2), (0, 1)}, "naruto": set()}
    assert [outcome.action for outcome in report.outcomes] == [Action.CREATED] * 2 and len(report.lines) == 2
    with database.reading() as session:
        series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == "naruto"))
        assert (series.name, series.folder, series.link) == (
            "Naruto",
            "Naruto (2002)",
            "https://aniworld.to/anime/stream/naruto",
        )


def test_a_second_run_changes_nothing_on_disk_and_in_the_database(here):
    database, service, root = here
    path = leave(root, "Attack on Titan", {"1": [1, 2]})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    service.migrate_all(root)
    with database.reading() as session:
        before = (
            session.scalar(select(func.max(Episode.updated_at))),
            session.scalar(select(func.max(AnimeSeries.updated_at))),
        )
    report = service.migrate_all(root)
    with database.reading() as session:
        assert before == (
            session.scalar(select(func.max(Episode.updated_at))),
            session.scalar(select(func.max(AnimeSeries.updated_at))),
        )
    assert [outcome.action for outcome in report.outcomes] == [Action.UNCHANGED]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest


def test_changed_episodes_are_added_and_the_series_is_left_alone(here):
    database, service, root = here
    path = leave(root, "Attack on Titan", {"1": [1]})
    service.migrate_data_file(path)
    with database.writing() as session:
        series = session.scalar(select(AnimeSeries))
        series.name = "Mein Name"
        session.scalar(select(Episode)).file = "S01E01.mkv"
    leave(root, "Attack on Titan", {"1": [1, 2, 3]})
    assert service.migrate_data_file(path).action is Action.UPDATED
    assert stored(database) == {"attack-on-titan": {(1, 1), (1, 2), (1, 3)}}
    with database.reading() as session:
        assert session.scalar(select(AnimeSeries.name)) == "Mein Name"
        assert session.scalar(select(Episode.file).where(Episode.number == 1)) == "S01E01.mkv"


def test_the_catalogue_knows_better_once_it_was_read(here):
    database, service, root = here
    path = leave(root, "Attack on Titan", {"1": [1]})
    service.migrate_data_file(path)
    with database.writing() as session:
        session.scalar(select(AnimeSeries)).refreshed_at = utcnow()
    leave(root, "Attack on Titan", {"1": [1, 99]})
    assert service.migrate_data_file(path).action is Action.UNCHANGED


def test_a_removed_series_does_not_come_back(here):
    database, service, root = here
    path = leave(root, "Attack on Titan")
    service.migrate_data_file(path)
    with database.writing() as session:
        session.scalar(select(AnimeSeries)).soft_delete()
    assert service.migrate_data_file(path).action is Action.SKIPPED


def test_any_mixture_of_broken_files_is_reported_line_by_line(here):
    database, service, root = here
    leave(root, "Gut", {"1": [1]})
    for folder, content in {
        "Leer": b"",
        "Kaputt": b"{",
        "Riesig": b"x" * 5_000_001,
        "Falsch": b"\xff\xfe\x00",
        "Liste": b"[1]",
    }.items():
        (root / folder).mkdir()
        (root / folder / "data").write_bytes(content)
    leave(root, "Zweimal", key="gut")
    (root / "Ordner/data").mkdir(parents=True)
    (root / "data").write_text("{}")
    read_only = leave(root, "Nur lesen", {"2": [5]})
    read_only.chmod(0o444)
    report = service.migrate_all(root)
    actions = {Path(outcome.path).parent.name: outcome.action for outcome in report.outcomes}
    assert actions == {
        "Gut": Action.CREATED,
        "Nur lesen": Action.CREATED,
        "Zweimal": Action.SKIPPED,
        **dict.fromkeys(("Leer", "Kaputt", "Riesig", "Falsch", "Liste"), Action.FAILED),
    }
    assert len(report.lines) == 8 and all(Path(one.path).name in one.line for one in report.outcomes)
    assert stored(database) == {"gut": {(1, 1)}, "nur-lesen": {(2, 5)}}


@pytest.mark.parametrize("data", ["", '{"key": "narut', '{"name": "Naruto"}'])
def test_where_the_data_file_tells_no_key_the_key_file_does(here, data):
    database, service, root = here
    (root / "Naruto").mkdir()
    (root / "Naruto/data").write_text(data)
    (root / "Naruto/key").write_text("naruto")
    for again in (Action.CREATED, Action.UNCHANGED):
        outcomes = service.migrate_all(root).outcomes
        assert [(Path(one.path).name, one.action) for one in outcomes] == [("data", Action.FAILED), ("key", again)]
    assert stored(database) == {"naruto": set()}


def test_a_dry_run_says_the_same_and_does_nothing(here):
    database, service, root = here
    leave(root, "Attack on Titan", {"1": [1]})
    leave(root, "Zweimal", key="attack-on-titan")
    dry = service.migrate_all(root, dry_run=True)
    assert stored(database) == {} and dry.dry_run
    assert service.migrate_all(root).lines == dry.lines


def test_a_root_that_is_not_there_is_no_import(here):
    _, service, root = here
    assert service.scan_for_data_files(root / "nothing") == [] and service.migrate_all(root / "nothing").lines == ()


def test_hostile_names_stay_names(here):
    database, service, root = here
    leave(root, "Böse", key="boese", name="../../x\x00\n<script>", site="https://evil.example/../..")
    service.migrate_all(root)
    with database.reading() as session:
        series = session.scalar(select(AnimeSeries))
    assert (
        series.name == "../../x <script>"
        and series.folder == "Böse"
        and series.link == "https://evil.example/anime/stream/boese"
    )


def test_a_data_file_that_lost_an_episode_is_followed(here):
    database, service, root = here
    path = leave(root, "Anfang", {"1": [1, 2, 3], "2": [1]})
    service.migrate_data_file(path)
    leave(root, "Anfang", {"1": [2, 4]})
    outcome = service.migrate_data_file(path, dry_run=True)
    assert (outcome.action, stored(database)["anfang"]) == (Action.UPDATED, {(1, 1), (1, 2), (1, 3), (2, 1)})
    outcome = service.migrate_data_file(path)
    assert (outcome.action, outcome.message) == (
        Action.UPDATED,
        "1 more missing episode, 3 episodes no longer missing.",
    )
    assert stored(database)["anfang"] == {(1, 2), (1, 4)}
    assert service.migrate_data_file(path).action is Action.UNCHANGED
    leave(root, "Anfang", {})
    assert service.migrate_data_file(path).action is Action.UPDATED
    assert stored(database)["anfang"] == set()


@pytest.mark.parametrize("episodes", [None, {"1": [1, "x"]}, {"one": [1]}, [1, 2]])
def test_a_data_file_that_does_not_state_its_episodes_takes_none_away(here, episodes):
    database, service, root = here
    path = leave(root, "Anfang", {"1": [1, 2]})
    service.migrate_data_file(path)
    leave(root, "Anfang", episodeDict=episodes)
    service.migrate_data_file(path)
    assert {(1, 1), (1, 2)} <= stored(database)["anfang"]


def test_present_files_and_what_a_catalogue_page_listed_are_kept(here):
    database, service, root = here
    path = leave(root, "Anfang", {"1": [1, 2]})
    service.migrate_data_file(path)
    with database.writing() as session:
        session.scalar(select(Episode).where(Episode.number == 1)).file = "1.mkv"
    leave(root, "Anfang", {})
    service.migrate_data_file(path)
    assert stored(database)["anfang"] == {(1, 1)}
    with database.writing() as session:
        series = session.scalar(select(AnimeSeries))
        series.refreshed_at = utcnow()
        series.episodes.append(Episode(season=1, number=2))
    assert service.migrate_data_file(path).action is Action.UNCHANGED
    assert stored(database)["anfang"] == {(1, 1), (1, 2)}


@pytest.mark.parametrize("litter", ["@Recycle", "#recycle", "RECYCLER", "found.000", ".Trash-1000", "lost+found"])
def test_what_lies_in_a_recycle_bin_is_not_imported(here, litter):
    database, service, root = here
    leave(root, litter, {"1": [1]}, key="attack-on-titan")
    assert service.migrate_all(root).outcomes == () and stored(database) == {}
