"""A sentence with values is a plain text, and can still be said in another language."""

from __future__ import annotations

import json

import pytest

from aniworld.core.sentences import Sentence


def test_a_sentence_is_a_text_with_its_values_filled_in():
    said = Sentence("{free} MB are free on {disk}.", free=3, disk="/library")
    assert said == "3 MB are free on /library."
    assert json.dumps(said) == '"3 MB are free on /library."'


def test_it_remembers_its_form_for_translators():
    said = Sentence("{free} MB are free.", free=3)
    assert said.form == "{free} MB are free."
    assert "{free} MB sind frei.".format(**said.values) == "3 MB sind frei."


def test_braces_in_values_are_only_text():
    assert Sentence("{why}", why="{0.__class__}") == "{0.__class__}"


def test_a_value_that_nobody_gave_is_a_mistake():
    with pytest.raises(KeyError):
        Sentence("{free} MB are free.")
