"""Every text of a failed transfer or hoster says what to do, and none shows where this machine keeps its files."""

from __future__ import annotations

import ast
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from aniworld.core import errors
from aniworld.core.errors import AniworldError, TransferFailed, WrongMedia
from aniworld.core.media import StreamKind
from aniworld.transfer.engine.part_file import storage_error, vanished
from aniworld.transfer.engine.retry_policy import _SENTENCES
from aniworld.transfer.fetchers.hls_playlist import GROWING, LIVE
from aniworld.transfer.protocol import messages as wire
from aniworld.transfer.protocol.advice import HAS_ADVICE, told
from aniworld.transfer.supervisor import _died
from aniworld.web.i18n.server_messages import form_of
from tests.transfer.fixtures import Ask, Videos, serve
from tests.transfer.media_server import MediaHost

ROOT = Path(__file__).resolve().parents[3] / "aniworld"
FOLDER = Path("/srv/My Library (2)/.incoming/5f3c0f5e/0123456789abcdef")
KINDS = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, AniworldError)
}
INNER = (".incoming", "/srv", "My Library", "0123456789abcdef", ".part", "piece-", "joined.", "/tmp", "/work", "pipe:")


def _texts(folder: str) -> Iterator[tuple[str, str, str]]:
    """Each error's class and text in the source, with what is filled in as a path would be, and where it is."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS and node.args:
                text = _filled(node.args[0])
                if text:
                    yield node.func.id, text, f"{path.name}:{node.lineno}"


def _filled(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _filled(part) if isinstance(part, ast.Constant) else str(FOLDER / "video.part") for part in node.values
        )
    return ""


TRANSFER, HOSTERS = list(_texts("transfer")), list(_texts("providers/hosters"))


def test_the_texts_are_found() -> None:
    assert len(TRANSFER) > 40
    assert len(HOSTERS) > 8


@pytest.mark.parametrize(("kind", "text", "where"), TRANSFER, ids=[one[2] for one in TRANSFER])
def test_a_transfers_text_has_advice_and_no_path(kind: str, text: str, where: str) -> None:
    message = wire.error_message(KINDS[kind](text), FOLDER)["message"]
    assert HAS_ADVICE.search(message), where
    assert not any(part in message for part in INNER), message


@pytest.mark.parametrize(("kind", "text", "where"), HOSTERS, ids=[one[2] for one in HOSTERS])
def test_a_hosters_text_has_advice(kind: str, text: str, where: str) -> None:
    assert HAS_ADVICE.search(text), where


@pytest.mark.parametrize("text", [*_SENTENCES.values(), LIVE, GROWING])
def test_texts_that_are_kept_elsewhere_have_advice_too(text: str) -> None:
    assert HAS_ADVICE.search(told(TransferFailed(text), FOLDER))


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS, errno.EIO, errno.ENOENT]
)
def test_what_the_disk_says_names_no_working_folder(number: int) -> None:
    error = storage_error(OSError(number, "x", str(FOLDER / "video.part")))
    for one in (error, vanished()):
        message = told(one, FOLDER)
        assert not any(part in message for part in INNER)
        assert HAS_ADVICE.search(message) or "limit" in message
        assert form_of(message) or message.startswith(("The disk", "The library's"))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"The parts cannot be put together ({FOLDER}/joined.mp4: Invalid argument).", "(the file: Invalid argument)"),
        (f"Error opening '{FOLDER}/piece-3.mp4'", "'the file'"),
        (f"FileNotFoundError: [Errno 2] No such file or directory: '{FOLDER}'", "'the file'"),
        ("OSError: /var/lib/aniworld/instance/x.db is locked", "OSError: the file is locked"),
        ("pipe:3: Invalid data found", "the file: Invalid data"),
        ("Error opening file:///srv/My%20Anime/.incoming/abc/v.mp4", "Error opening the file."),
        (f"Error opening '{FOLDER}/seg 1.ts'", "opening 'the file'. "),
        ("cannot read /home/u/Ä Ö/b.ts", "cannot read the file. "),
        ("segment-12.ts: Invalid data found", "the file: Invalid data found. "),
        ("subtitle-0.vtt: Invalid data found", "the file: Invalid data found. "),
        ("media.mp4: Invalid data found", "the file: Invalid data found. "),
        ("[mov,mp4 @ 0x55d] moov atom not found", "moov atom not found. "),
        ("https://cdn.example/v/media.mp4 is empty", "https://cdn.example/v/media.mp4 is empty. "),
        ("https://cdn.example/v/1.mp4 sends less than 1 kB/s", "https://cdn.example/v/1.mp4 sends less than 1 kB/s"),
    ],
)
def test_paths_become_a_word_and_addresses_stay(said: str, shown: str) -> None:
    assert shown in told(WrongMedia(said), FOLDER)


def test_advice_is_given_once() -> None:
    once = told(WrongMedia("The video is cut off: its end is missing."), FOLDER)
    assert once == "The video is cut off: its end is missing. Use another hoster, or retry later."
    assert told(WrongMedia(once), FOLDER) == once


def test_a_transfer_that_fails_shows_no_path(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    host.files["/v.mp4"] = b"\x00\x00\x00\x18ftypmp42" + bytes(5000)
    serve(host, "hls", videos.hls | {f"list{place}.ts": bytes(5000) for place in range(12)})
    for wish in (("/v.mp4", StreamKind.FILE), ("/hls/list.m3u8", StreamKind.HLS), ("/gone.mp4", StreamKind.FILE)):
        with pytest.raises(AniworldError) as failed:
            ask(*wish).run()
        assert str(tmp_path) not in str(failed.value)
        assert HAS_ADVICE.search(str(failed.value))


@pytest.mark.parametrize(
    ("code", "said"),
    [(-9, ""), (-11, ""), (3, ""), (1, f"FileNotFoundError: [Errno 2] No such file: '{FOLDER}/video.part'")],
)
def test_a_child_that_dies_shows_no_path(code: int, said: str) -> None:
    message = str(_died(code, said, FOLDER))
    assert HAS_ADVICE.search(message)
    assert not any(part in message for part in INNER)
