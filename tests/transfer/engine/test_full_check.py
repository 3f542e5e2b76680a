"""Every frame is decoded before a file counts, where that is wished: damage in its middle is found."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from aniworld.core.errors import WrongMedia
from aniworld.transfer.protocol.job import Phase
from tests.transfer.fixtures import Ask, Videos, frames
from tests.transfer.media_server import MediaHost


def damaged(data: bytes) -> bytes:
    """The same length, container and end; twenty kilobytes in the middle are others."""
    middle = len(data) // 2
    return data[:middle] + bytes(number * 37 % 251 for number in range(20_000)) + data[middle + 20_000 :]


@pytest.mark.parametrize("name", ["mp4", "webm"])
def test_damage_in_the_middle_is_found(host: MediaHost, videos: Videos, ask: Ask, name: str) -> None:
    host.files[f"/v.{name}"] = damaged(getattr(videos, name))
    with pytest.raises(WrongMedia, match="damaged: parts of it cannot be decoded"):
        ask(f"/v.{name}", full_decode_check=True).run()


def test_without_it_only_the_container_and_the_end_are_looked_at(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = damaged(videos.mp4)
    assert ask("/v.mp4").run().path.read_bytes() == host.files["/v.mp4"]


def test_a_file_that_was_finished_before_the_wish_is_decoded_before_it_counts(
    host: MediaHost, videos: Videos, ask: Ask
) -> None:
    host.files["/v.mp4"] = damaged(videos.mp4)
    ask("/v.mp4").run()
    again = ask("/v.mp4", full_decode_check=True)
    with pytest.raises(WrongMedia, match="damaged: parts of it cannot be decoded"):
        again.run()
    assert again.left == set(), "no further attempt trusts it"
    host.files["/v.mp4"] = videos.mp4
    assert ask("/v.mp4").run().path.read_bytes() == videos.mp4


def test_a_finished_file_is_decoded_once(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    ask("/v.mp4").run()
    asked = [ask("/v.mp4", full_decode_check=True) for _ in range(2)]
    result = asked[0].run()
    assert asked[1].run() == result
    assert [Phase.VERIFYING in {progress.phase for progress in one.told} for one in asked] == [True, False]
    assert {progress.percent for progress in asked[0].told if progress.phase is Phase.VERIFYING} == {100.0}
    assert ask("/v.mp4").run() == result


def test_what_was_decoded_when_it_was_fetched_is_not_decoded_again(host: MediaHost, videos: Videos, ask: Ask) -> None:
    host.files["/v.mp4"] = videos.mp4
    ask("/v.mp4", full_decode_check=True).run()
    again = ask("/v.mp4", full_decode_check=True)
    again.run()
    assert Phase.VERIFYING not in {progress.phase for progress in again.told}


@pytest.mark.parametrize("name", ["mp4", "webm", "ts"])
def test_a_sound_file_passes(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path, name: str) -> None:
    host.files[f"/v.{name}"] = getattr(videos, name)
    plain = tmp_path / f"plain.{name}"
    plain.write_bytes(getattr(videos, name))
    assert frames(ask(f"/v.{name}", full_decode_check=True).run().path) == frames(plain)


def test_frames_that_come_at_one_time_are_no_damage(host: MediaHost, videos: Videos, ask: Ask, tmp_path: Path) -> None:
    """ffmpeg's own output complains of such times, though everything was decoded."""
    (tmp_path / "v.mp4").write_bytes(videos.mp4)
    same = "setts=pts='floor(PTS/4096)*4096':dts='floor(DTS/4096)*4096'"
    command = [str(shutil.which("ffmpeg")), "-v", "error", "-i", "v.mp4", "-c", "copy", "-bsf:v", same, "same.mkv"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    host.files["/v.mkv"] = (tmp_path / "same.mkv").read_bytes()
    assert ask("/v.mkv", full_decode_check=True).run().container == "mkv"
