"""What is installed is what is written down, and ``make audit`` never takes silence for good news."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools.audit import FOUND, NOBODY, NOTHING, verdict

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"[A-Za-z0-9_.\[\]-]+==[A-Za-z0-9.!+]+( *;.+)?")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_library_is_pinned_to_one_version(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r "))]
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len({re.split("[=\\[]", line.lower())[0].replace("_", "-") for line in lines}) == len(lines)


def test_everything_that_is_wanted_is_pinned() -> None:
    def names(path: str) -> set[str]:
        lines = (ROOT / path).read_text().splitlines()
        return {
            re.split(r"[=<>;\[ ]", line)[0].lower().replace("_", "-") for line in lines if line and line[0] not in "#-"
        }

    assert names("requirements.in") <= names("requirements.txt")


def report(*libraries: dict[str, object]) -> str:
    return json.dumps({"dependencies": libraries, "fixes": []})


def test_a_list_that_knows_of_nothing_says_so() -> None:
    told = verdict(report({"name": "flask", "version": "3.1.3", "vulns": []}))
    assert (told.code, told.lines) == (NOTHING, ("No weakness is known of any of 1 libraries.",))


def test_what_is_known_is_named_with_the_version_that_mends_it() -> None:
    weak = {"name": "x", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}]}
    told = verdict(report(weak, {"name": "y", "skip_reason": "not found"}))
    assert told.code == FOUND
    assert told.lines[1:] == ("x 1.0: PYSEC-1 (mended in 1.1)",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "null",
        report(),
        report({"name": "flask", "skip_reason": "not found on PyPI"}),
        report({"name": "flask", "version": "3.1.3", "vulns": []}, {"name": "x", "skip_reason": "not found"}),
    ],
)
def test_silence_is_no_good_news(text: str) -> None:
    told = verdict(text)
    assert told.code == NOBODY
    assert "checked" in told.lines[0]
