"""The marshmallow schema of the settings, derived from their one table in ``settings``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from aniworld.config.fields import Amount, StrictSchema, Text, Truth, Whole, flat, plain
from aniworld.config.settings import walk
from aniworld.core.addresses import check_url
from aniworld.core.errors import AniworldError
from aniworld.core.media import LANGUAGE_FORM
from aniworld.core.naming import check_template

TEXT_LENGTH, PATH_LENGTH, LIST_LENGTH = 500, 4096, 100
_CLOCK = validate.Regexp(r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z", error="Write a time like 07:30, up to 24:00.")
_LANGUAGE = validate.Regexp(rf"^{LANGUAGE_FORM.pattern}\Z", error="A language is written like ger-dub, ger-sub or jpn.")


@cache
def settings_schema() -> type[Schema]:
    """The schema of a part, or the whole, of the settings: what is absent stays as it is."""
    sections: dict[str, dict[str, fields.Field[Any]]] = {}
    for section, name, one in walk():
        sections.setdefault(section, {})[name] = _field(one)
    nested: dict[str, fields.Field[Any]] = {
        section: fields.Nested(StrictSchema.from_dict(parts, name=f"{section.title().replace('_', '')}Settings"))
        for section, parts in sections.items()
    }
    return StrictSchema.from_dict(nested, name="Settings")


def problems(part: Any) -> dict[str, list[str]]:
    """What is wrong with a part of the settings as far as a look at it can tell: {dotted field: [messages]}."""
    try:
        settings_schema()().load(part)
    except ValidationError as error:
        return flat(error.messages)
    except RecursionError:
        return {"_schema": ["This is nested too deeply."]}
    return {}


def _field(one: Field[Any]) -> fields.Field[Any]:
    facts = one.metadata
    described: dict[str, Any] = {"metadata": {"description": facts["doc"]}}
    default = one.default
    if facts.get("kind") == "windows":
        return fields.List(fields.Nested(_window()), validate=validate.Length(max=LIST_LENGTH), **described)
    if isinstance(default, tuple):
        rules: list[Callable[[Any], Any]] = [
            validate.Length(min=1 if facts.get("kind") == "languages" else 0, max=LIST_LENGTH),
            _no_twins,
        ]
        said: dict[str, Any] = {"invalid": 'Must be a list, such as ["first", "second"].'}
        return fields.List(Text(validate=_text_rules(facts)), validate=rules, error_messages=said, **described)
    if isinstance(default, bool):
        return Truth(**described)
    if isinstance(default, int | float):
        kind = Whole if isinstance(default, int) else Amount
        return kind(validate=validate.Range(min=facts.get("low"), max=facts.get("high")), **described)
    return Text(validate=_text_rules(facts), **described)


def _text_rules(facts: Mapping[str, Any]) -> list[Callable[[str], Any]]:
    if facts.get("choices"):
        return [validate.OneOf(facts["choices"], error="Must be one of: {choices}.")]
    kind = facts.get("kind", "")
    return [validate.Length(max=PATH_LENGTH if kind in ("path", "paths") else TEXT_LENGTH), *_KINDS.get(kind, ())]


def _address(value: str) -> None:
    if not value:
        return
    try:
        check_url(value)
    except AniworldError as error:
        raise ValidationError(str(error)) from None


def _template(value: str) -> None:
    try:
        check_template(value)
    except AniworldError as error:
        raise ValidationError(str(error)) from None


def _word(value: str) -> None:
    if not value.strip():
        raise ValidationError("Must not be empty.")
    plain(value)


def _no_twins(values: list[Any]) -> None:
    if len({str(value) for value in values}) != len(values):
        raise ValidationError("Names something twice.")


_KINDS: dict[str, tuple[Callable[[str], Any], ...]] = {
    "url": (_address,),
    "urls": (_word, _address),
    "template": (_template,),
    "languages": (_LANGUAGE,),
    "words": (_word,),
    "paths": (_word,),
    "": (plain,),
}


@cache
def _window() -> type[Schema]:
    known: dict[str, fields.Field[Any]] = {
        "days": fields.List(Whole(validate=validate.Range(0, 6)), validate=[validate.Length(1, 7), _no_twins]),
        "start": Text(validate=_CLOCK),
        "end": Text(validate=_CLOCK),
        "speed_limit_mbps": Amount(validate=validate.Range(0, 100_000)),
    }
    return StrictSchema.from_dict(known, name="Window")
