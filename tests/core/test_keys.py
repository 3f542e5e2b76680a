"""From a catalogue's slug to the key of a series."""

from __future__ import annotations

import pytest

from aniworld.core.errors import InvalidInput
from aniworld.core.keys import KEY_FORM, RESERVED, gives_key, key_from_slug


@pytest.mark.parametrize(
    ("slug", "key"),
    [
        ("attack-on-titan", "attack-on-titan"),
        ("ghost-in-the-shell-sac_2045", "ghost-in-the-shell-sac-2045"),
        ("D_Cide-Traumerei", "d-cide-traumerei"),
        ("--A__b--", "a-b"),
        ("86", "86"),
        ("scanner", "scanner"),
        ("Search", "search-series"),
        ("scan", "scan-series"),
        ("_add_", "add-series"),
    ],
)
def test_a_slug_becomes_a_key(slug: str, key: str) -> None:
    assert key_from_slug(slug) == key
    assert KEY_FORM.fullmatch(key)
    assert gives_key(slug)


def test_no_key_is_a_word_that_stands_beside_the_keys_in_addresses() -> None:
    assert not {key_from_slug(word) for word in RESERVED} & RESERVED


@pytest.mark.parametrize("slug", ["", "-", "__", "--_--"])
def test_nothing_gives_no_key(slug: str) -> None:
    assert not gives_key(slug)
    with pytest.raises(InvalidInput):
        key_from_slug(slug)
