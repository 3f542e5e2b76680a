"""Every setting is checked by what its one table says."""

from __future__ import annotations

from typing import Any

import pytest

from aniworld.config.schema import problems, settings_schema
from aniworld.config.settings import Settings, Window, from_mapping, to_mapping, walk


def test_the_defaults_are_lawful_and_survive_a_round_trip() -> None:
    data = to_mapping(Settings())
    assert problems(data) == {}
    assert from_mapping(Settings, data) == Settings()


def test_every_setting_is_documented_and_in_the_schema() -> None:
    fields = settings_schema()().fields
    for section, name, one in walk():
        assert one.metadata["doc"].strip().endswith(".")
        assert fields[section].schema.fields[name].metadata["description"] == one.metadata["doc"]


def test_the_window_of_the_schema_is_the_window_of_the_settings() -> None:
    window = settings_schema()().fields["schedule"].schema.fields["windows"].inner.schema
    assert set(window.fields) == set(Window.__dataclass_fields__)


GOOD: list[dict[str, Any]] = [
    {},
    {"download": {}},
    {"download": {"concurrency": 16, "languages": ["jpn"]}},
    {"download": {"speed_limit_mbps": 3}},
    {"catalogue": {"base_url": "http://127.0.0.1:8080", "mirrors": ["https://a.example", "https://b.example/"]}},
    {"media_server": {"url": "", "kind": "jellyfin"}},
    {"schedule": {"windows": [{"days": [0, 6], "start": "22:00", "end": "24:00", "speed_limit_mbps": 5.5}]}},
    {"library": {"episode_template": "{series} {season:02}x{episode:02}"}},
]


@pytest.mark.parametrize("part", GOOD)
def test_a_lawful_part_has_no_problems(part: dict[str, Any]) -> None:
    assert problems(part) == {}


BAD: list[tuple[Any, str]] = [
    ([], "_schema"),
    (None, "_schema"),
    ("x", "_schema"),
    ({"nonsense": {}}, "nonsense"),
    ({"download": []}, "download"),
    ({"download": {"ffmpeg_args": "-i"}}, "download.ffmpeg_args"),
    ({"download": {"concurrency": "3"}}, "download.concurrency"),
    ({"download": {"concurrency": True}}, "download.concurrency"),
    ({"download": {"concurrency": 0}}, "download.concurrency"),
    ({"download": {"concurrency": 10**400}}, "download.concurrency"),
    ({"download": {"speed_limit_mbps": float("nan")}}, "download.speed_limit_mbps"),
    ({"download": {"speed_limit_mbps": float("inf")}}, "download.speed_limit_mbps"),
    ({"download": {"auto_start": 1}}, "download.auto_start"),
    ({"download": {"auto_start": None}}, "download.auto_start"),
    ({"download": {"quality": "4k"}}, "download.quality"),
    ({"download": {"languages": []}}, "download.languages"),
    ({"download": {"languages": ["ger-dub", "ger-dub"]}}, "download.languages"),
    ({"download": {"languages": ["ger-dub\n"]}}, "download.languages.0"),
    ({"download": {"hosters": ["x"] * 101}}, "download.hosters"),
    ({"catalogue": {"base_url": "file:///etc/passwd"}}, "catalogue.base_url"),
    ({"catalogue": {"base_url": "http://user:secret@host/"}}, "catalogue.base_url"),
    ({"catalogue": {"base_url": "http://0x7f.1/"}}, "catalogue.base_url"),
    ({"catalogue": {"mirrors": [""]}}, "catalogue.mirrors.0"),
    ({"download": {"hosters": ["VOE\u202e"]}}, "download.hosters.0"),
    ({"notifications": {"wordings": ["download_complete: da\n"]}}, "notifications.wordings.0"),
    ({"media_server": {"token": "abc\r\nX: y"}}, "media_server.token"),
    ({"library": {"root": "/x\0y"}}, "library.root"),
    ({"library": {"root": "/x\ud800"}}, "library.root"),
    ({"library": {"episode_template": "{series.__class__}"}}, "library.episode_template"),
    ({"library": {"episode_template": "{series}"}}, "library.episode_template"),
    ({"schedule": {"windows": [{"start": "7:30"}]}}, "schedule.windows.0.start"),
    ({"schedule": {"windows": [{"days": [7]}]}}, "schedule.windows.0.days.0"),
    ({"ui": {"theme": "x" * 1_000_000}}, "ui.theme"),
    ({"ui": {"theme": ["dark"]}}, "ui.theme"),
]


@pytest.mark.parametrize(("part", "field"), BAD, ids=[f"{field}-{number}" for number, (_, field) in enumerate(BAD)])
def test_what_is_wrong_is_named_by_its_field(part: Any, field: str) -> None:
    found = problems(part)
    assert list(found) == [field]
    assert all(isinstance(text, str) and text for text in found[field])
