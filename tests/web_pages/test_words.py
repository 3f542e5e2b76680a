"""German and English: nothing is left untranslated, and every setting has a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import marshmallow.fields
import marshmallow.validate
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from aniworld.config import settings
from aniworld.core import errors
from aniworld.web.i18n import labels as words
from aniworld.web.i18n.server_messages import FORMS, SENTENCES, form_of

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "aniworld/web/translations/de/LC_MESSAGES/messages.po"
METHODS = [
    ("web/pages/**.py", "python"),
    ("config/settings.py", "python"),
    ("web/templates/**.html", "jinja2"),
]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "setting": (2,)}
HOW_TO = "pybabel extract -F babel.cfg -k _ -k setting:2 …, then update and compile (docs/decisions/0051)"


def said() -> set[str]:
    found = extract_from_dir(ROOT / "aniworld", METHODS, keywords=KEYWORDS)
    return {one[2] if isinstance(one[2], str) else one[2][0] for one in found}


def test_every_sentence_is_there_in_german() -> None:
    with PO.open("rb") as file:
        german = read_po(file, "de")
    known = {(one.id if isinstance(one.id, str) else one.id[0]) for one in german if one.id and all(_texts(one.string))}
    assert said() - known == set(), HOW_TO


def test_a_translation_keeps_the_places_to_fill_in() -> None:
    with PO.open("rb") as file:
        german = read_po(file, "de")
    for one in german:
        if one.id and isinstance(one.id, str):
            assert _places(one.id) == _places(str(one.string)), one.id


def test_the_compiled_words_are_those_of_the_source() -> None:
    import gettext

    compiled = gettext.GNUTranslations(PO.with_suffix(".mo").open("rb"))
    with PO.open("rb") as file:
        for one in read_po(file, "de"):
            if one.id and isinstance(one.id, str):
                assert compiled.gettext(one.id) == one.string


def test_every_setting_and_section_has_a_name() -> None:
    unnamed = [
        f"{section}.{name}" for section, name, _ in settings.walk() if f"{section}.{name}" not in words.SETTING_NAMES
    ]
    assert unnamed == []
    assert {section for section, _, _ in settings.walk()} <= set(words.SECTION_NAMES)


def test_every_choice_that_is_a_word_of_ours_has_a_name() -> None:
    choices = {one for _, _, field in settings.walk() for one in field.metadata.get("choices", ())}
    spoken = {one for one in choices if one.islower() and not one[0].isdigit()}
    assert spoken - set(words.CHOICE_NAMES) == set()


def test_every_health_check_has_a_name() -> None:
    template = (ROOT / "aniworld/web/templates/partials/health.html").read_text(encoding="utf-8")
    named = set(re.findall(r'"(\w+)":', template.partition("check_names = {")[2].partition("} %}")[0]))
    modules = [*(ROOT / "aniworld/services/health").glob("*.py"), ROOT / "aniworld/services/cluster/worker_registry.py"]
    made = r'\b(?:ok|notice|warning|error|HealthCheck)\(\s*"(\w+)"'
    yielded = {name for path in modules for name in re.findall(made, path.read_text(encoding="utf-8"))}
    assert {"database_new", "worker_clocks", "catalogue_pages", "ffmpeg"} <= yielded
    assert yielded - named == set()


def test_every_sentence_for_the_modules_is_said_by_one() -> None:
    source = (ROOT / "aniworld/web/i18n/script_messages.py").read_text(encoding="utf-8")
    keys = set(re.findall(r'^ +"(\w+)": _\(', source, re.MULTILINE))
    modules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "aniworld/web/static").rglob("*.js"))
    families = tuple(re.findall(r"`(\w+_)\$\{", modules))
    named = {key for key in keys if re.search(rf"[\"']{key}[\"']", modules)}
    counted = {f"{key}_one" for key in named}  # taken by the module that says it, where the count is one
    switched = {key for key in keys if key.endswith(("_on", "_off"))}
    assert {key for key in keys - named - counted - switched if not key.startswith(families)} == set()


def _errors_texts(folder: str) -> Iterator[str]:
    """The text of every error that is raised in ``folder``, with a word in each place that is filled in."""
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    for path in (ROOT / "aniworld" / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds and node.args:
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value
                elif isinstance(text, ast.JoinedStr):
                    yield "".join(str(one.value) if isinstance(one, ast.Constant) else "x1" for one in text.values)


@pytest.mark.parametrize("folder", ["transfer", "providers/hosters"])
def test_every_reason_of_a_failed_download_has_its_german(folder: str) -> None:
    texts = [text for text in _errors_texts(folder) if text.strip("x1 ")]
    assert len(texts) > 8
    assert [text for text in texts if text not in SENTENCES and form_of(text) is None] == []


@pytest.mark.parametrize("form", FORMS)
def test_no_wider_form_takes_the_place_of_another(form: str) -> None:
    found = form_of(re.sub(r"\{\w+\}", "x1", form))
    assert found is not None
    assert found[0] == form


def test_the_template_of_translations_is_up_to_date() -> None:
    with (ROOT / "aniworld/web/translations/messages.pot").open("rb") as file:
        template = {one.id if isinstance(one.id, str) else one.id[0] for one in read_po(file) if one.id}
    assert said() - template == set(), HOW_TO


def test_every_form_is_still_said_by_somebody() -> None:
    """A sentence that is worded anew would be said in English on German pages, and nobody would notice."""
    ours = [path for path in (ROOT / "aniworld").rglob("*.py") if path.name != "told.py"]
    theirs = [Path(part.__file__) for part in (marshmallow.validate, marshmallow.fields)]
    sources = "".join(path.read_text(encoding="utf-8") for path in [*ours, *theirs])
    said = re.sub(r'"\s*\n\s*f?"', "", sources)  # texts over several lines
    parts = {
        (form, part.strip()) for form in (*SENTENCES, *FORMS) for part in re.split(r"\{\w+\}| and ", form)
    }  # marshmallow joins by "and"
    assert {(form, part) for form, part in parts if part.strip(".;:()") and part not in said} == set()


def _texts(string: object) -> tuple[object, ...]:
    return string if isinstance(string, tuple) else (string,)


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|\{\w+\}", text))
