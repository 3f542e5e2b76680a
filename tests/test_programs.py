"""A missing program leaves its tests out by name, and fails them in CI; docs promise the versions in
tools/check_machine.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from aniworld.services.health.checks_machine import OLDEST_FFMPEG
from tests.programs import REPORT, lines, reasons
from tools import check_machine
from tools.check_machine import BY_NAME, NOT_RUN, PROGRAMS, PYTHON_LOWEST, Program, Version
from tools.run_tests import Report, summary

ROOT = Path(__file__).resolve().parents[1]
MISSING = Program("Nothing", ("no-such-program",), ("no-such-package",), "this test")
A_TEST = """
from tests.programs import program
def test_needs_it(): program("nginx")
def test_needs_nothing(): pass
"""


def pytest_run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of two tests in a process of its own, on a machine without nginx."""
    test = folder / "test_generated.py"
    test.write_text(A_TEST)
    code = (
        "import sys, pytest; from dataclasses import replace; from tools.check_machine import BY_NAME\n"
        "BY_NAME['nginx'] = replace(BY_NAME['nginx'], commands=('no-such-program',))\n"
        f"sys.exit(pytest.main(['-p', 'tests.conftest', '-q', '-c', {str(ROOT / 'pyproject.toml')!r}, {str(test)!r}]))"
    )
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", REPORT) and "PYTEST" not in name}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_test_whose_program_is_missing_is_left_out_with_the_reason_and_the_package(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.mkdir()
    done = pytest_run(tmp_path, **{REPORT: str(report)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Left out: 1 test. nginx is not installed (on Debian: apt-get install nginx-light)" in done.stdout
    found = Report.read(report)
    assert (found.ran, sum(found.left_out.values())) == (1, 1)
    assert any(line.startswith("Left out: 1 test. nginx is not installed") for line in summary(found))


def test_in_ci_a_missing_program_is_a_failure(tmp_path: Path) -> None:
    done = pytest_run(tmp_path, CI="true")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "with CI=true no test is left out for a missing program" in done.stdout


def test_the_summary_names_versions_what_is_newer_than_promised_and_what_did_not_run() -> None:
    told = "\n".join(summary(Report(3, Counter({"no rights": 2}), {"nginx"})))
    assert re.search(r"3 tests ran on Python \d+\.\d+\.\d+, SQLite \d", told)
    assert "PostgreSQL 15 (no test of this run started it)" in told
    assert "Docker 24 (it needs a Docker daemon" in told
    assert "Left out: 2 tests. no rights" in told
    assert summary(Report())[-1] == "Nothing was left out."
    assert lines(Counter({"no rights": 1})) == ["Left out: 1 test. no rights"]
    assert reasons([]) == Counter()


@pytest.mark.parametrize(
    ("found", "lowest", "expected"),
    [
        ("3.11.2", "3.11.0", False),
        ("3.11.0", "3.11.0", True),
        ("5.1.9", "5.1", True),
        ("15.18", "15", True),
        ("10.11.19", "10.11", True),
        ("10.1.1", "10.11", False),
        ("7.1", "5.1", False),
        ("1.0", "", True),
    ],
)
def test_the_lowest_version_is_the_promised_one_and_its_corrections(found: str, lowest: str, expected: bool) -> None:
    assert Version("x", found, lowest).is_lowest is expected


def test_a_version_is_read_from_what_a_program_says(tmp_path: Path) -> None:
    fake = tmp_path / "mariadbd"
    fake.write_text("#!/bin/sh\necho 'mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64'\n")
    fake.chmod(0o755)
    assert Program("x", (str(fake),), (), "").version() == "10.11.19"
    assert MISSING.version() is None
    assert all(program.version() for program in PROGRAMS if program.path())


def test_the_newest_of_several_installed_versions_counts(tmp_path: Path) -> None:
    for number in ("9", "15", "17"):
        (tmp_path / number).mkdir()
        (tmp_path / number / "postgres").touch()
    assert Program("x", (f"{tmp_path}/*/postgres",), (), "").path() == str(tmp_path / "17" / "postgres")


def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> Path:
    """An apt-get that writes down what it is asked; the first install ends with ``code``."""
    asked = tmp_path / "asked"
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" >> {asked}\ncase "$*" in *" b") exit {code};; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(check_machine, "NO_SERVICES", tmp_path / "policy-rc.d")
    return asked


A = Program("A", ("no-such-a",), ("a",), "")
B = Program("B", ("no-such-b",), ("b",), "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="packages are installed on Debian and Ubuntu")
def test_what_is_missing_is_installed_and_one_package_that_fails_keeps_no_other_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = apt(tmp_path, monkeypatch, code=100)
    check_machine.install([A, B])
    options = "-y -qq --no-install-recommends"
    assert asked.read_text().splitlines() == [
        "update -qq",
        f"install {options} a b",
        f"install {options} a",
        f"install {options} b",
    ]
    assert not (tmp_path / "policy-rc.d").exists(), "services may start again"
    assert "apt-get install b failed" in capfd.readouterr().err


def test_without_rights_or_apt_nothing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = apt(tmp_path, monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    check_machine.install([A])
    assert not asked.exists()
    check_machine.install([])
    assert not asked.exists()


def test_the_documents_promise_the_versions_of_the_table() -> None:
    """docs/deployment.md has one table of lowest versions; no document says another number."""
    table = re.findall(r"^\| (\w+) \| ([\d.]+) \| ", (ROOT / "docs" / "deployment.md").read_text(), re.MULTILINE)
    promised = {one.name: one.lowest for one in PROGRAMS if one.lowest} | {"Python": PYTHON_LOWEST}
    promised |= {name: lowest for name, (lowest, _) in NOT_RUN.items()}
    assert dict(table) == promised
    assert tuple(map(int, BY_NAME["ffmpeg"].lowest.split("."))) == OLDEST_FFMPEG
    assert f'requires-python = ">={PYTHON_LOWEST.removesuffix(".0")}"' in (ROOT / "pyproject.toml").read_text()


def test_no_document_promises_another_version() -> None:
    promised = {one.name: one.lowest for one in PROGRAMS if one.lowest} | {"Python": PYTHON_LOWEST, "Debian": "12"}
    promised |= {name: lowest for name, (lowest, _) in NOT_RUN.items()}
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    found = [
        (page.name, name, number)
        for page in pages
        for name, number in re.findall(r"\b([A-Z]?\w+) ([\d.]+) or newer", page.read_text(encoding="utf-8"))
    ]
    assert len(found) >= 5
    wrong = [one for one in found if not promised.get(one[1], "none").startswith(one[2].rstrip("."))]
    assert wrong == []
    behind = re.findall(r"\(?(\d[\d.]*) or newer", "".join(page.read_text(encoding="utf-8") for page in pages))
    assert len(behind) == len(found), "each “or newer” has the program's name in front of the number"


def test_what_no_test_runs_is_named_as_such_in_the_documents() -> None:
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    for name in NOT_RUN:
        assert re.search(rf"^\| {name} \| [\d.]+ \| not run", text, re.MULTILINE)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What ``make`` needs of a fresh clone, with requirements that nobody has to download."""
    for name in ("Makefile", "tools/make_venv.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    return tmp_path


def make(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=checkout, env={**clean, **environment}, capture_output=True, text=True, timeout=120
    )


def test_make_refuses_an_old_python_and_names_the_way_out(checkout: Path) -> None:
    old = checkout / "python3.9"
    old.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) ;; *platform*) echo 3.9.2;; *) exit 1;; esac\n')
    old.chmod(0o755)
    done = make(checkout, ".venv/bin/.run", f"PYTHON={old}")
    assert done.returncode != 0
    assert "Aniworld needs Python 3.11 or newer" in done.stderr and "is 3.9.2" in done.stderr
    assert "PYTHON=python3.12" in done.stderr


def test_make_says_so_where_there_is_no_python(checkout: Path) -> None:
    done = make(checkout, ".venv/bin/.run", f"PYTHON={checkout}/none")
    assert done.returncode != 0
    assert "There is no" in done.stderr and "apt-get install python3 python3-venv" in done.stderr


def test_a_virtual_environment_without_pip_is_made_again(checkout: Path) -> None:
    """Debian's python3 without python3-venv leaves half of one behind."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(checkout / ".venv")], check=True, timeout=60)
    done = subprocess.run(
        ["sh", "tools/make_venv.sh", sys.executable, ".venv"], cwd=checkout, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    pip = subprocess.run([checkout / ".venv/bin/python", "-m", "pip", "--version"], capture_output=True, timeout=60)
    assert pip.returncode == 0


def test_make_names_a_python_that_is_not_the_environments_each_time(checkout: Path) -> None:
    other = checkout / "python3.99"
    other.write_text("#!/bin/sh\necho 3.99.1\n")
    other.chmod(0o755)
    made = make(checkout, ".venv/bin/.run", f"PYTHON={sys.executable}")
    assert made.returncode == 0 and "keeps its Python" not in made.stderr, made.stderr
    for _ in range(2):
        done = make(checkout, ".venv/bin/.run", f"PYTHON={other}")
        assert done.returncode == 0, done.stderr
        assert ".venv keeps its Python" in done.stderr and "(3.99.1) remove the folder .venv first" in done.stderr
    for same in ({}, {"PYTHON": sys.executable}):
        done = make(checkout, ".venv/bin/.run", **same)
        assert (done.returncode, done.stderr) == (0, "") and "pip install" not in done.stdout


def test_make_sets_up_again_for_another_python_in_the_environments_place(checkout: Path) -> None:
    """As after an upgrade of the system: the stamps are fresh, and the packages were another Python's."""
    made = make(checkout, ".venv/bin/.run", f"PYTHON={sys.executable}")
    assert made.returncode == 0, made.stderr
    python, real = checkout / ".venv/bin/python", Path(sys.executable).resolve()
    python.unlink()
    python.write_text(f'#!/bin/sh\ncase "$2" in *cache_tag*) echo cpython-399;; *) exec {real} "$@";; esac\n')
    python.chmod(0o755)
    done = make(checkout, ".venv/bin/.run", f"PYTHON={sys.executable}")
    assert done.returncode == 0 and "pip install" in done.stdout, done.stderr
    assert "pip install" not in make(checkout, ".venv/bin/.run").stdout
    python.unlink()
    python.symlink_to(checkout / "gone")
    done = make(checkout, ".venv/bin/.run", f"PYTHON={sys.executable}")
    assert done.returncode == 0 and "pip install" in done.stdout, done.stderr
    assert subprocess.run([python, "-m", "pip", "--version"], capture_output=True, timeout=60).returncode == 0


def test_ci_is_a_script_that_shells_understand() -> None:
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")]).returncode == 0
    assert subprocess.run(["sh", "-n", str(ROOT / "tools" / "make_venv.sh")]).returncode == 0
    done = subprocess.run([str(ROOT / ".ci" / "run"), "nonsense"], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (2, "usage: .ci/run [quick]\n")
