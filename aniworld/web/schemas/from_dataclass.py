"""Schemas of the answers, read off the frozen facts that services answer with. For the document only: answers are
encoded straight from the facts (``web.answers``), which is quick enough for long lists."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from marshmallow import Schema, fields

_SCALARS: dict[Any, type[fields.Field[Any]]] = {
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    bool: fields.Boolean,
    datetime: fields.DateTime,
}


@cache
def schema_of(kind: type) -> type[Schema]:
    """The schema of one kind of frozen fact."""
    hints = get_type_hints(kind)
    parts = {one.name: field_of(hints[one.name]) for one in dataclass_fields(kind)}
    return Schema.from_dict(parts, name=kind.__name__)


def field_of(hint: Any) -> fields.Field[Any]:
    """The field for a type: scalars, other facts, lists and tuples of them, mappings, and ``None`` beside them."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        field = field_of(next(part for part in inner if part is not type(None)))
        field.allow_none = True
        return field
    if is_dataclass(hint):
        return fields.Nested(schema_of(hint), required=True)  # type: ignore[arg-type]
    if origin in (list, tuple):
        return fields.List(field_of(inner[0]), required=True)
    if origin is not None and issubclass(origin, Mapping):
        values = None if inner[1] is Any else field_of(inner[1])
        return fields.Dict(keys=fields.String(), values=values, required=True)
    known = _SCALARS.get(hint)
    return known(required=True) if known else fields.Raw(required=True, allow_none=True)
