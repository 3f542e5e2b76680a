"""What a start says of an instance folder that lost its database, or in which something is of the wrong kind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from aniworld.app import _log_doubts, build_services
from aniworld.config.environment import Environment
from aniworld.core.errors import AniworldError, InvalidInput
from aniworld.models import AnimeSeries
from aniworld.services.container import Services
from tests.running import ROOT


def services(instance: Path) -> Services:
    return build_services(Environment(instance=instance))


def levels(made: Services) -> dict[str, tuple[str, str]]:
    return {check.name: (check.level, str(check.message)) for check in made.system.checks()}


@pytest.fixture
def lived_in(tmp_path: Path) -> Path:
    """An instance that was used: settings that were changed, a series, a cover."""
    instance = tmp_path / "instance"
    made = services(instance)
    assert "database_new" not in levels(made), "the first start of all is no loss"
    made.config.update({"download": {"history_limit": 77}})
    made.config.update({"download": {"history_limit": 78}})
    with made.database.writing() as session:
        session.add(AnimeSeries(key="a", name="A", folder="A", site="aniworld.to", link="http://a.example/a"))
    (instance / "covers").mkdir(exist_ok=True)
    (instance / "covers" / f"{'a' * 64}.jpg").write_bytes(b"cover")
    made.close()
    again = services(instance)
    assert "database_new" not in levels(again)
    again.close()
    return instance


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def rows_deleted(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM anime_series")
        connection.commit()


@pytest.mark.parametrize("lose", [Path.unlink, emptied, rows_deleted])
def test_a_lost_database_is_no_new_server(lived_in: Path, lose) -> None:  # type: ignore[no-untyped-def]
    lose(lived_in / "aniworld.db")
    for _ in range(2):
        made = services(lived_in)
        level, message = levels(made)["database_new"]
        assert level == "error"
        assert "is new although this instance is not" in message
        assert "restore a backup" in message
        made.close()
    made = services(lived_in)
    with made.database.writing() as session:
        session.add(AnimeSeries(key="b", name="B", folder="B", site="aniworld.to", link="http://a.example/b"))
    made.system.health._round = None
    assert "database_new" not in levels(made)
    made.close()


@pytest.mark.parametrize("kept", ["backups/config-snapshot.json", "backups/whole/a.zip"])
def test_backups_and_snapshots_are_signs_of_a_lost_database_too(lived_in: Path, kept: str) -> None:
    for left in (
        *(lived_in / "covers").iterdir(),
        *(one for one in (lived_in / "backups").rglob("*") if one.is_file()),
    ):
        left.unlink()
    (lived_in / kept).parent.mkdir(exist_ok=True, parents=True)
    (lived_in / kept).write_bytes(b"kept")
    (lived_in / "aniworld.db").unlink()
    for _ in range(2):
        made = services(lived_in)
        assert "backups" in levels(made)["database_new"][1]
        made.close()


def test_a_server_that_was_set_up_but_has_no_series_yet_lost_nothing(tmp_path: Path) -> None:
    made = services(tmp_path / "instance")
    made.auth.set_password("A long password of mine 1!")
    made.config.update({"download": {"history_limit": 77}})
    made.config.update({"download": {"history_limit": 78}})
    made.close()
    again = services(tmp_path / "instance")
    assert "database_new" not in levels(again)
    again.close()


def test_a_library_of_the_environment_that_cannot_be_one_is_named_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="ANIWORLD_LIBRARY=/etc"):
        build_services(Environment(instance=tmp_path / "instance", library="/etc"))


def test_settings_that_were_provided_before_the_first_start_are_no_loss(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    (instance / "config.json").write_text('{"download": {"concurrency": 2}}')
    made = services(instance)
    assert "database_new" not in levels(made)
    made.close()


@pytest.mark.parametrize("content", ["{ no json", "", "[1]", "\0" * 100])
def test_a_wholly_broken_config_shows_in_health_until_settings_are_saved(lived_in: Path, content: str) -> None:
    (lived_in / "config.json").write_text(content)
    for _ in range(2):
        made = services(lived_in)
        assert levels(made)["settings"][0] == "error"
        assert "config.json" in levels(made)["settings"][1]
        made.close()
    made = services(lived_in)
    made.config.update({"download": {"history_limit": 79}})
    made.system.health._round = None
    assert levels(made)["settings"][0] == "ok"
    made.close()


WRONG_KIND = {
    "secret_key": Path.mkdir,
    "backups": Path.touch,
    "logs": Path.touch,
    "covers": Path.touch,
    "server.lock": Path.mkdir,
    "aniworld.db": Path.mkdir,
    "rests.json": Path.mkdir,
    "config.json": Path.mkdir,
}


@pytest.mark.parametrize("name", sorted(WRONG_KIND))
def test_a_file_or_folder_of_the_wrong_kind_is_named(tmp_path: Path, name: str) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    WRONG_KIND[name](instance / name)
    with pytest.raises(AniworldError, match=name) as raised:
        services(instance)
    assert "move it away" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("aniworld.db", lambda path: path.write_bytes(b"garbage" * 999)),
        ("aniworld.db", lambda path: path.write_bytes(bytes(path.stat().st_size))),
        ("aniworld.db", lambda path: os.truncate(path, path.stat().st_size // 2)),
        ("secret_key", lambda path: (path.unlink(), path.mkdir())),
        ("logs", lambda path: path.touch()),
    ],
    ids=["garbage", "zeros", "truncated", "secret_key", "logs"],
)
def test_the_server_and_the_command_line_say_it_without_a_traceback(lived_in: Path, name: str, damage) -> None:  # type: ignore[no-untyped-def]
    damage(lived_in / name)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ANIWORLD_")}
    environment = {**clean, "ANIWORLD_INSTANCE": str(lived_in)}
    for command in ([sys.executable, "wsgi.py"], [sys.executable, "-m", "aniworld", "queue", "list"]):
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert name in done.stderr
        assert "ove it away" in done.stderr or "ove the file away" in done.stderr


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("/nowhere/disk/aniworld.db", r"is a link that leads nowhere \(/nowhere/disk/aniworld.db\)"),
        ("aniworld.db", "is a link that leads nowhere"),
        ("/dev/null", "is a pipe or a device and no file"),
    ],
)
def test_a_database_that_is_no_file_is_named_and_not_the_instance_folder(
    tmp_path: Path, target: str, says: str
) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    (instance / "aniworld.db").symlink_to(target)
    with pytest.raises(AniworldError, match=rf"^The database {instance}/aniworld.db {says}.*ANIWORLD_DATABASE_URL"):
        services(instance)
    assert (instance / "aniworld.db").is_symlink()


def test_a_database_whose_folder_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone/aniworld.db"
    environment = Environment(instance=tmp_path / "instance", database_url=f"sqlite:///{path}")
    with pytest.raises(AniworldError, match=f"^The database {path} cannot be created .* create its folder"):
        build_services(environment)


def test_a_link_to_a_database_that_does_not_exist_yet_makes_it(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    (instance / "aniworld.db").symlink_to(tmp_path / "data.db")
    services(instance).close()
    assert (tmp_path / "data.db").stat().st_size > 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("garbage{", "config.json was not readable; it was put aside, and the default settings are in force. Restore"),
        (
            '{"download": {"history_limit": "x"}}',
            "These settings are not understood, and their defaults count: download.history_limit.",
        ),
    ],
)
def test_the_log_says_in_a_sentence_which_settings_are_not_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str, says: str
) -> None:
    instance = tmp_path / "instance"
    instance.mkdir()
    (instance / "config.json").write_text(content)
    made = services(instance)
    _log_doubts(made)
    made.close()
    (said,) = [record.getMessage() for record in caplog.records if record.name == "aniworld.app"]
    assert said.startswith(says)
