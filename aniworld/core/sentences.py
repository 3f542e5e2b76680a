"""Sentences with values in them that can still be said in another language."""

from __future__ import annotations

from typing import Any, Self


class Sentence(str):
    """An English sentence, filled in: ``Sentence("{free} MB are free.", free=3)`` is ``"3 MB are free."``.

    It is a plain text to whoever wants one, and remembers ``form`` and ``values`` for those who translate the form.
    Raises KeyError for a value that the form names and nobody gave.
    """

    form: str
    values: dict[str, Any]

    def __new__(cls, form: str, **values: Any) -> Self:
        said = super().__new__(cls, form.format(**values))
        said.form, said.values = form, values
        return said

    @classmethod
    def counting(cls, one: str, several: str, *, count: int, **values: Any) -> Sentence:
        """The form for ``count``; each of the two is translated as a sentence of its own."""
        return cls(one if count == 1 else several, count=count, **values)
