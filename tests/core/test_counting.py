"""One is one: no text puts a plural behind the number 1."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.core.counting import counted
from aniworld.core.sentences import Sentence
from aniworld.web.i18n.script_messages import script_messages
from aniworld.web.i18n.server_messages import FORMS

ROOT = Path(__file__).resolve().parents[2] / "aniworld"
COUNTED = (
    "album|backup|byte|char|cover|day|download|episode|entrie|error|file|folder|hour|item|minute|row|second|"
    "season|session|time|video|warning|worker"
)
BEHIND_A_NUMBER = re.compile(
    rf"\{{(\w*)(:[^}}]*)?\}} (?:more |new |other )?(?:{COUNTED})s\b|%d (?:new )?(?:{COUNTED})s\b"
)
ALWAYS_SEVERAL = {  # a limit of ours that is above 1, or a sum of many
    "The query string is longer than {} bytes; send a shorter one.",
    "The query string is longer than {most} bytes; send a shorter one.",
    "The time of the video begins anew more than {most} times; no episode's does.",
    "They did not come within {} seconds.",
    "They did not come within {seconds} seconds.",
    "This server may open only {limit} files and connections.",
    "There are {} backups already; delete some that you no longer need.",
    "There are {most} backups already; delete some that you no longer need.",
    "The template's own text is longer than {} bytes.",
    "{} is nested deeper than {} folders; what lies below is not read.",
    "{name} is nested deeper than {most} folders; what lies below is not read.",
    "The database {} is cut off: {} of {} bytes are there. {}",
    "The time of the video begins anew more than {} times; no episode's does.",
    (
        "{}: {} episodes appeared at once, which looks like a rebuilt page and not like new episodes; queue them by"
        " hand if you want them."
    ),
    "The video lasts {}, but {} seconds were announced.",
    (
        "{count} episodes appeared at once, which looks like a rebuilt page and not like new episodes; queue them by"
        " hand if you want them."
    ),
}


@pytest.mark.parametrize(("count", "text"), [(0, "0 videos"), (1, "1 video"), (1.2, "1 video"), (2, "2 videos")])
def test_a_number_with_its_noun(count: float, text: str) -> None:
    assert counted(count, "video") == text


def test_nouns_of_other_forms() -> None:
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(3, "entry", "entries") == "3 entries"


def test_a_sentence_takes_the_form_for_its_count() -> None:
    forms = "{count} download failed.", "{count} downloads failed."
    assert [str(Sentence.counting(*forms, count=count)) for count in (0, 1, 2)] == [
        "0 downloads failed.",
        "1 download failed.",
        "2 downloads failed.",
    ]


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a module, f-strings with their expressions as {}; docstrings are no texts for people who use it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    chosen = {id(part) for node in ast.walk(tree) if isinstance(node, ast.IfExp) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in docs | chosen:
            continue
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def singular_of(text: str) -> bool:
    """Whether a form for one stands next to it: see ``Sentence.counting`` and ``_one`` of the scripts' texts."""
    return text in PAIRED or text in ALWAYS_SEVERAL


def _paired() -> set[str]:
    """Forms that are only said for several, because a call names a form for one before them."""
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if name in ("counting", "ngettext", "counted"):
                assert isinstance(node, ast.Call)
                found |= {
                    arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
    source = (ROOT / "web/i18n/script_messages.py").read_text(encoding="utf-8")
    said = dict(re.findall(r'"(\w+)": _\("([^"]*)"\)', source))
    return found | {text for key, text in said.items() if f"{key}_one" in said}


PAIRED = _paired()
FORMS_WITH_ONE = {
    "{count} seconds",
    "{count} times",
    "{folder} holds {count} more videos whose names are not understood.",
    "{count} videos lie outside of any series folder and are not counted; give them a folder.",
    "The video lasts {lasts}, but {stated} seconds were announced.",
}


def test_every_count_in_python_knows_one() -> None:
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        for line, text in literals(path):
            if BEHIND_A_NUMBER.search(text) and not singular_of(text) and text not in FORMS_WITH_ONE:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {text}")
    assert wrong == []


def test_every_form_for_several_has_one_beside_it() -> None:
    for form in FORMS:
        if form in FORMS_WITH_ONE:
            alike = [other for other in FORMS if other != form and other.split("{")[0][:6] == form.split("{")[0][:6]]
            assert alike or any("One video" in other for other in FORMS), form


def test_scripts_and_templates_know_one() -> None:
    source = (ROOT / "web/i18n/script_messages.py").read_text(encoding="utf-8")
    assert '"queued_one"' in source
    pattern = re.compile(rf"_\([\"'][^\"']*%\(\w+\)s (?:{COUNTED})s\b")
    wrong = [
        path.name
        for path in (ROOT / "web/templates").rglob("*.html")
        if pattern.search(path.read_text(encoding="utf-8").replace("ngettext(", "ngettext "))
    ]
    assert wrong == []
    scripts = re.compile(rf"\$\{{[^}}]*\}} (?:{COUNTED})s\b")
    assert [path.name for path in (ROOT / "web/static").rglob("*.js") if scripts.search(path.read_text("utf-8"))] == []
    assert callable(script_messages)
