"""Made-up input by the thousand: nothing raises anything but our own errors, nothing hangs."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path, PurePosixPath
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aniworld.config.schema import problems
from aniworld.config.settings import Settings, from_mapping, to_mapping
from aniworld.config.store import ConfigStore
from aniworld.core.addresses import check_url, is_public
from aniworld.core.errors import AniworldError
from aniworld.core.keys import KEY_FORM, key_from_slug
from aniworld.core.naming import MAX_BYTES, inside, path_component
from aniworld.core.validators import (
    validate_anime_url,
    validate_backup_name,
    validate_config_data,
    validate_series_key,
    validate_series_key_or_folder,
)
from aniworld.library.names.parser import read_name
from aniworld.transfer.fetchers import hls_playlist as playlist
from aniworld.web.pages.sign_in import local_path
from aniworld.web.security.trusted_hosts import HostGate

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
TEXT = st.text(alphabet=st.characters(), max_size=200)
PATHS = st.text(alphabet="./\\%~:\0\n ab", max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
SECTIONS = st.dictionaries(
    st.sampled_from([*to_mapping(Settings()), "made-up"]),
    st.dictionaries(st.sampled_from(["root", "concurrency", "urls", "windows", "base_url", "x"]), JSON, max_size=4)
    | JSON,
    max_size=4,
)


def ours(work: Any, *args: Any) -> Any:
    """What ``work`` gives, or None for one of our own errors, within a second of this process's own time."""
    began = time.process_time()
    try:
        return work(*args)
    except AniworldError as error:
        assert str(error)
        return None
    finally:
        assert time.process_time() - began < 1


@FEW
@given(TEXT | PATHS)
def test_any_title_is_one_component_and_any_path_stays_inside(text: str) -> None:
    name = path_component(text)
    assert name not in ("", ".", "..")
    assert len(name.encode()) <= MAX_BYTES
    assert PurePosixPath(name).parts == (name,)
    assert path_component(name) == name
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        found = ours(lambda: inside(root, Path(text.replace("\0", "") or ".")))
        assert found is None or found.is_relative_to(root)


@FEW
@given(TEXT | PATHS)
def test_any_text_is_a_key_or_none(text: str) -> None:
    key = ours(key_from_slug, text)
    assert key is None or (KEY_FORM.fullmatch(key) and validate_series_key(key) == key)
    ours(validate_series_key, text)
    ours(validate_series_key_or_folder, text)
    assert ours(validate_backup_name, text) is None or "/" not in text


@FEW
@given(
    st.sampled_from(["", "http://", "https://", "https://aniworld.to/anime/stream/"]),
    TEXT | PATHS | st.text("0x1.:[]@#?%", max_size=30),
)
def test_any_link_is_taken_or_refused(head: str, text: str) -> None:
    ours(validate_anime_url, head + text)
    found = ours(check_url, head + text)
    assert found is None or (found[0] and 0 <= found[1] < 65536)
    assert isinstance(is_public(text), bool)
    goal = local_path(text)
    assert goal is None or (goal.startswith("/") and not goal.startswith("//") and "\\" not in goal)
    assert HostGate(lambda *_: []).answers_to(text) in (True, False)


@FEW
@given(st.text(alphabet="S0E12.-_ []()xaeä/第話\0", max_size=60) | TEXT)
def test_any_file_name_is_read(text: str) -> None:
    read_name("A name without a number.mkv")  # the first one loads the slow reader
    ours(read_name, text + ".mkv")


@FEW
@given(SECTIONS | JSON)
def test_any_configuration_is_taken_or_refused(data: Any) -> None:
    wrong = problems(data)
    if not wrong:
        assert to_mapping(from_mapping(Settings, json.loads(json.dumps(data))))
    ours(validate_config_data, data)


@FEW
@given(st.binary(max_size=200) | JSON.map(lambda data: json.dumps(data).encode()))
def test_any_configuration_file_is_read_or_kept_aside(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = ConfigStore(Path(folder))
        store.path.write_bytes(content)
        found = store.load()
        assert found is None or isinstance(found, dict)
        assert found is not None or list(Path(folder).glob("config.json.broken-*"))


LINES = st.sampled_from(
    [
        "#EXTM3U",
        "#EXTINF:1,",
        "#EXTINF:-1e99,",
        "#EXTINF:nan,",
        "#EXTINF:,",
        "s.ts",
        "../../s.ts",
        "file:///etc/passwd",
        "//x/s.ts",
        "http://10.0.0.1/s.ts",
        "#EXT-X-KEY:METHOD=AES-128",
        '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0xZZ',
        "#EXT-X-KEY:METHOD=SAMPLE-AES",
        '#EXT-X-MAP:URI="m"',
        "#EXT-X-BYTERANGE:5@",
        "#EXT-X-BYTERANGE:-5@-1",
        "#EXT-X-STREAM-INF:BANDWIDTH=x",
        "#EXT-X-STREAM-INF:",
        "#EXT-X-MEDIA:TYPE=AUDIO",
        "#EXT-X-ENDLIST",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-MEDIA-SEQUENCE:x",
        "#EXT-X-TARGETDURATION:-1",
        "#EXT-X-PROGRAM-DATE-TIME:never",
        "#EXT-X-PART:",
        "#EXT-X-DATERANGE:",
        "#EXT-X-I-FRAME-STREAM-INF:",
        "\x00",
        "",
    ]
)


def _read_playlist(text: str) -> None:
    read = playlist.parse(text, "http://media.example/list.m3u8")
    if read.is_variant:
        playlist.choose(read, "best", "ger-dub")
    else:
        playlist.segments(read)


@settings(FEW, max_examples=200)
@given(st.lists(LINES, max_size=12).map("\n".join) | TEXT, st.booleans())
def test_any_playlist_is_read_or_refused(body: str, headed: bool) -> None:
    ours(_read_playlist, ("#EXTM3U\n" if headed else "") + body)
