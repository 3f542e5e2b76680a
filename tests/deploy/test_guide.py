"""docs/deployment.md: what it names is there, what it quotes is said, and what it tells to type works."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from aniworld.core.errors import Unavailable
from aniworld.models import Database
from aniworld.models.upgrade import bring_up_to_date, newest_revision
from tests.deploy.reading import DEPLOY, ROOT, known_variables

GUIDE = (ROOT / "docs/deployment.md").read_text()


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`(deploy/[\w.-]+)`", GUIDE)) - {"deploy/.env", "deploy/instance"}
    assert {"deploy/Caddyfile", "deploy/nginx.conf", "deploy/nginx-subpath.conf", "deploy/traefik.yaml"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_link_leads_to_a_heading() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", GUIDE)) <= headings


def test_it_explains_every_variable_and_no_other() -> None:
    explained = set(re.findall(r"^\| `(ANIWORLD_[A-Z_]+)`", GUIDE, re.MULTILINE))
    read = set(re.findall(r"env\.\w+\(\"([A-Z_]+)\"", (ROOT / "aniworld/config/environment.py").read_text()))
    assert {f"ANIWORLD_{name}" for name in read} <= explained
    assert set(re.findall(r"ANIWORLD_[A-Z_]+[A-Z]", GUIDE)) <= known_variables() | {"ANIWORLD_PORT"}


@pytest.mark.parametrize(
    "path", sorted(path for path in DEPLOY.iterdir() if path.is_file()), ids=lambda path: path.name
)
def test_the_examples_name_no_variable_that_nobody_reads(path: Path) -> None:
    compose_only = {"ANIWORLD_PORT", "ANIWORLD_SUBNET", "ANIWORLD_INSTANCE_FOLDER", "ANIWORLD_LIBRARY_FOLDER"}
    assert set(re.findall(r"ANIWORLD_[A-Z_]+[A-Z]", path.read_text())) <= known_variables() | compose_only


@pytest.mark.parametrize(
    "sentence",
    [
        "This server does not answer to this name",
        "This request comes from another site",
        "From another machine the setup token is needed",
        "may not write to",
        "it cannot step down to",
        "Another Aniworld server",
        "newer than this program knows",
        "setup token",
    ],
)
def test_what_it_quotes_is_what_the_program_says(sentence: str) -> None:
    assert sentence in GUIDE
    sources = [*(ROOT / "aniworld").rglob("*.py"), DEPLOY / "entrypoint.sh"]
    assert any(sentence in path.read_text() for path in sources)


# --- its commands, on a true instance folder in the place of /var/lib/aniworld
# -----------------------------------------


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """``/var/lib``, with an instance folder that holds one setting and one row."""
    instance = tmp_path / "lib" / "aniworld"
    instance.mkdir(parents=True, mode=0o700)
    database = Database.at(f"sqlite:///{instance / 'aniworld.db'}")
    bring_up_to_date(database, instance / "backups")
    database.close()
    write(instance, "CREATE TABLE story (told TEXT)", "INSERT INTO story VALUES ('before')")
    (instance / "config.json").write_text('{"ui": {"theme": "dark"}}')
    return tmp_path


def test_rollback(state: Path) -> None:
    instance = state / "lib" / "aniworld"
    copy = instance / "backups" / f"database-before-{newest_revision()}.db"
    copy.parent.mkdir()
    with closing(sqlite3.connect(instance / "aniworld.db")) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    write(instance, "UPDATE story SET told = 'after'", "UPDATE alembic_version SET version_num = '9999'")
    database = Database.at(f"sqlite:///{instance / 'aniworld.db'}")
    with pytest.raises(Unavailable, match="newer than this program knows"):
        bring_up_to_date(database, instance / "backups")
    database.close()
    type_in("rollback", state)
    database = Database.at(f"sqlite:///{instance / 'aniworld.db'}")
    assert bring_up_to_date(database, instance / "backups") is None
    database.close()
    assert read(instance) == "before"
    assert (instance / "set-aside" / "aniworld.db").exists(), "nothing is thrown away"


def test_backup_and_restore(state: Path) -> None:
    instance = state / "lib" / "aniworld"
    type_in("backup", state)
    write(instance, "UPDATE story SET told = 'after'")
    (instance / "config.json").unlink()
    type_in("restore", state)
    assert read(instance) == "before"
    assert "dark" in (instance / "config.json").read_text()
    assert instance.stat().st_mode & 0o777 == 0o700
    assert (state / "lib" / "aniworld.old").is_dir()


def test_a_copy_while_it_runs_is_whole(state: Path) -> None:
    instance = state / "lib" / "aniworld"
    with closing(sqlite3.connect(instance / "aniworld.db")) as writer:
        writer.execute("UPDATE story SET told = 'still in the write-ahead log'")
        writer.commit()
        type_in("live", state)
    with closing(sqlite3.connect(state / "root" / "aniworld.db")) as copy:
        assert copy.execute("SELECT told FROM story").fetchone() == ("still in the write-ahead log",)


def type_in(mark: str, state: Path) -> None:
    """Runs the commands below ``<!-- mark -->``, without those that only a service's owner can give."""
    found = re.search(rf"<!-- {mark} -->\n\n((?:    .+\n)+)", GUIDE)
    assert found, mark
    lines = [line.strip() for line in found[1].splitlines()]
    script = "\n".join(line for line in lines if not line.startswith(("systemctl ", "chown ")))
    (state / "root").mkdir(exist_ok=True)
    script = script.replace("/var/lib", str(state / "lib")).replace("/root/", f"{state / 'root'}/")
    told = subprocess.run(["sh", "-e", "-c", script], capture_output=True, text=True, timeout=30)
    assert told.returncode == 0, told.stderr


def write(instance: Path, *statements: str) -> None:
    with closing(sqlite3.connect(instance / "aniworld.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def read(instance: Path) -> str:
    with closing(sqlite3.connect(instance / "aniworld.db")) as connection:
        return connection.execute("SELECT told FROM story").fetchone()[0]
