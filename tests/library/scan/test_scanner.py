"""The scanner on real folders: it finds, it warns, it is never surer than it can be."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from pathlib import Path

import pytest

from aniworld.core.callbacks import CallbackManager
from aniworld.core.errors import Cancelled, LibraryUnavailable
from aniworld.library.names.parser import Found
from aniworld.library.scan.episode_lookup import Numbering
from aniworld.library.scan.matching import KnownEpisode, KnownSeries, Matcher, name_form
from aniworld.library.scan.scanner import SerieScanner


def as_nobody(work):
    """What ``work()`` returns (a text), done by a user to whom things are refused."""
    if os.getuid():
        return work()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgid(65534)
            os.setuid(65534)
            os.write(writing, work().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as told:
        text = told.read()
    os.waitpid(child, 0)
    return text


def told_of(result) -> str:
    return f"{[(one.uncertain, *one.files) for one in result.series]} {result.warnings}"


def tree(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"video")


def age(root: Path, seconds: float = 100) -> None:
    moment = time.time() - seconds
    for path, _, _ in os.walk(root):
        os.utime(path, (moment, moment))


def series(key: str = "naruto", name: str = "Naruto", counts: dict[int, int] | None = None, **facts) -> KnownSeries:
    episodes = tuple(KnownEpisode(s, e) for s, count in (counts or {1: 12, 2: 12}).items() for e in range(1, count + 1))
    return KnownSeries(key, name, facts.pop("folder", name), episodes=facts.pop("episodes", episodes), **facts)


def scan(root: Path, *known: KnownSeries, **wish):
    return SerieScanner(root, seen=wish.pop("seen", None)).scan(known or (series(),), scan_id="s", **wish)


def found(result, key: str = "naruto") -> dict[tuple[int, int], str]:
    return next({place: file.path for place, file in one.files.items()} for one in result.series if one.key == key)


def test_videos_whose_names_are_not_understood_are_told_with_the_reason(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv", "Naruto/Naruto - 12.5.mkv", "Naruto/Naruto - S01E02 - Trailer.mkv")
    assert scan(tmp_path).warnings == ("Naruto/Naruto - 12.5.mkv is not counted. The catalogue has no episode 12.5.",)
    tree(tmp_path, *(f"Naruto/Naruto - {number}.5.mkv" for number in range(20, 40)))
    warnings = scan(tmp_path).warnings
    assert len(warnings) == 6 and warnings[-1] == "Naruto holds 16 more videos whose names are not understood."


def test_a_number_that_no_catalogue_lists_is_named(tmp_path):
    names = ("S01E12.5.mkv", "S01E00.mkv", "Naruto - 26.5.1.mkv", "Naruto - 00.5.mkv", "S01E01-E03.5.mkv")
    tree(tmp_path, *(f"Naruto/{name}" for name in names))
    said = dict(warning.split(" is not counted. ") for warning in scan(tmp_path).warnings)
    assert said == {
        f"Naruto/{name}": f"The catalogue has no episode {number}."
        for name, number in zip(names, ("12.5", "0", "26.5.1", "0.5", "3.5"), strict=True)
    }


def test_a_warning_names_the_path_below_the_season_folder(tmp_path):
    tree(tmp_path, "Naruto/Staffel 1/S01E01.mkv", "Naruto/Staffel 2/S02E01.mkv")
    os.mkfifo(tmp_path / "Naruto/Staffel 1/02.mkv")
    (tmp_path / "Naruto/Staffel 1/03.mkv").symlink_to("nowhere.mkv")
    (tmp_path / "Naruto" / os.fsdecode(b"Staffel 2/04\xff.mkv")).write_bytes(b"x")
    assert sorted(scan(tmp_path).warnings) == [
        "04\N{REPLACEMENT CHARACTER}.mkv in Naruto/Staffel 2 has a name that is no valid text.",
        "Naruto/Staffel 1/02.mkv is a pipe or a device and no file; it is not counted.",
        "Naruto/Staffel 1/03.mkv cannot be read (No such file or directory).",
    ]


def test_a_series_folder_that_is_a_link_up_is_not_read(tmp_path):
    root = tmp_path / "library"
    tree(root, "Bleach/S01E01.mkv")
    (root / "Naruto").symlink_to(tmp_path)
    result = scan(root)
    assert found(result) == {}
    assert result.warnings == ("Naruto leads up to the library itself; it is not read.",)


def test_a_stored_file_whose_name_is_not_understood_is_known_by_its_path(tmp_path):
    tree(tmp_path, "Naruto/Naruto - S01E02 - 7.mkv")
    assert len(scan(tmp_path).warnings) == 1
    assert not scan(tmp_path, series(files={(1, 2): "Naruto - S01E02 - 7.mkv"})).warnings


def test_many_names_that_are_not_understood_leave_room_for_what_a_disk_has(tmp_path):
    tree(tmp_path, *(f"S{number}/{half}.5.mkv" for number in range(80) for half in range(1, 4)))
    (tmp_path / "S79/lost.mkv").symlink_to("nowhere.mkv")
    warnings = scan(tmp_path, *(series(f"s{number}", f"S{number}") for number in range(80))).warnings
    assert len(warnings) < 200 and any("cannot be read" in warning for warning in warnings)


def test_what_only_has_a_videos_name_is_no_episode(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv")
    os.mkfifo(tmp_path / "Naruto/S01E02.mkv")
    (tmp_path / "Naruto/S01E03.mkv").symlink_to("/dev/null")
    (tmp_path / "Naruto/S01E04.mkv").symlink_to("S01E01.mkv")
    (tmp_path / "Naruto/poster.jpg").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "Naruto/S01E05.mkv"))
        result = scan(tmp_path)
    assert found(result) == {(1, 1): "S01E01.mkv", (1, 4): "S01E04.mkv"}
    assert sorted(result.warnings) == [
        f"Naruto/S01E0{number}.mkv is a pipe or a device and no file; it is not counted." for number in (2, 3, 5)
    ]
    assert not result.series[0].uncertain


def test_empty_videos_are_told_in_one_sentence_and_count(tmp_path):
    tree(tmp_path, *(f"Naruto/S01E0{number}.mkv" for number in range(1, 9)), "Bleach/S01E01-E02.mkv")
    for path in sorted(tmp_path.glob("*/*")):
        if path.name != "S01E01.mkv":
            path.write_bytes(b"")
    result = scan(tmp_path, series(), series("bleach", "Bleach"))
    assert len(found(result)) == 8 and len(found(result, "bleach")) == 2
    assert result.warnings == (
        "Videos that are empty (0 bytes) and count as present all the same: Bleach/S01E01-E02.mkv, Naruto/S01E02.mkv, "
        "Naruto/S01E03.mkv, Naruto/S01E04.mkv, Naruto/S01E05.mkv and 3 more.",
    )


def test_every_layout_of_a_library_is_read(tmp_path):
    tree(
        tmp_path,
        "Naruto/Season 01/Naruto - S01E01 - Titel.mkv",
        "Naruto/Staffel 1/Folge 2.mp4",
        "Naruto/S1/03.mkv",
        "Naruto/Naruto 1x04.avi",
        "Naruto/[Group] Naruto - 005v2 [1080p].mkv",
        "Naruto/Naruto - S01E06-E07.mkv",
        "Naruto/Naruto - 013.mkv",
        "Naruto/Specials/Special 1.mkv",
        "Naruto/Filme/Film 2.mkv",
        "Naruto/Season 01/poster.jpg",
        "Naruto/Naruto - S01E08 - (German Sub).mp4",
        "Naruto/.incoming/x/Naruto - S01E09.mkv",
        "Naruto/@eaDir/S01E10.mkv",
    )
    (one,) = scan(tmp_path).series
    assert sorted(one.files) == [(0, 1), (0, 2), *((1, n) for n in range(1, 9)), (2, 1)]
    assert one.files[1, 6] == one.files[1, 7] and one.files[1, 8].language == "ger-sub" and one.files[1, 1].size == 5
    assert not one.uncertain and not one.not_understood


def test_numbers_in_a_season_folder_may_count_through_the_series(tmp_path):
    tree(tmp_path, *(f"Naruto/Season 02/Naruto - {n}.mkv" for n in (13, 14, 24)))
    assert sorted(found(scan(tmp_path))) == [(2, 1), (2, 2), (2, 12)]
    tree(tmp_path, "Naruto/Season 02/Naruto - 03.mkv")  # now both ways of counting stand side by side
    assert sorted(found(scan(tmp_path))) == [(2, 3)]


def test_series_whose_folders_are_gone_are_handed_over_few_at_a_time(tmp_path):
    tree(tmp_path, "Da/S01E01.mkv")
    known = [series(f"s{number}", f"S{number}", had_files=True, whole=False) for number in range(100)]
    asked, handed = [], []
    result = scan(
        tmp_path,
        *known,
        complete=lambda short: asked.append(len(short)) or short,
        take=lambda found: handed.append(len(found)),
    )
    assert len(result.series) == sum(handed) == 100 and max(asked) == max(handed) == 32


def test_absolute_numbers_follow_the_catalogues_own(tmp_path):
    stated = (KnownEpisode(1, 1, 1), KnownEpisode(1, 2, 2), KnownEpisode(2, 1, 4), KnownEpisode(2, 2, 5))
    tree(tmp_path, "Naruto/Naruto - 003.mkv", "Naruto/Naruto - 004.mkv")
    (one,) = scan(tmp_path, series(episodes=stated)).series
    assert sorted(one.files) == [(2, 1)] and one.not_understood == (
        ("Naruto - 003.mkv", "The number is beyond the catalogue's."),
    )


def test_a_year_as_season_counts_where_the_catalogue_counts_by_years(tmp_path):
    tree(tmp_path, "Naruto/Naruto - S2013E05.mkv", "Naruto/Naruto - 2013x06.mkv")
    by_year = series(counts={2012: 12, 2013: 12})
    assert sorted(found(scan(tmp_path, by_year))) == [(2013, 5), (2013, 6)]
    (one,) = scan(tmp_path, series()).series
    reason = "The name says a year as its season, and the catalogue has no such season."
    assert not one.files and {said for _, said in one.not_understood} == {reason}
    (one,) = scan(tmp_path, series(episodes=(), counted=False)).series
    assert not one.files and not one.not_understood
    assert sorted(seen.path for seen in one.unplaced) == ["Naruto - 2013x06.mkv", "Naruto - S2013E05.mkv"]


def test_specials_of_two_seasons_do_not_take_each_others_place(tmp_path):
    tree(tmp_path, "Naruto/Season 1 Specials/01 - Eins.mkv", "Naruto/Season 2 Specials/01 - Zwei.mkv")
    tree(tmp_path, "Naruto/Season 2 Specials/Naruto - S00E03.mkv", "Naruto/Specials/02.mkv")
    result = scan(tmp_path, series())
    assert found(result) == {(0, 3): "Season 2 Specials/Naruto - S00E03.mkv", (0, 2): "Specials/02.mkv"}
    unclear = dict(result.series[0].not_understood)
    assert sorted(unclear) == ["Season 1 Specials/01 - Eins.mkv", "Season 2 Specials/01 - Zwei.mkv"]


def test_without_counts_an_absolute_number_is_not_guessed(tmp_path):
    tree(tmp_path, "Naruto/Naruto - 003.mkv")
    (one,) = scan(tmp_path, series(episodes=())).series
    assert not one.files and "not known yet" in one.not_understood[0][1]


def test_of_several_files_the_stored_then_the_newest_then_the_largest_counts(tmp_path):
    tree(tmp_path, "Naruto/a S01E01.mkv", "Naruto/b S01E01v2.mkv", "Naruto/c S01E01.mkv", "Naruto/d S01E02.mkv")
    (tmp_path / "Naruto/e S01E02.mkv").write_bytes(b"a larger one")
    assert found(scan(tmp_path)) == {(1, 1): "b S01E01v2.mkv", (1, 2): "e S01E02.mkv"}
    assert found(scan(tmp_path, series(files={(1, 1): "c S01E01.mkv"})))[1, 1] == "c S01E01.mkv"


def test_a_film_and_an_ova_of_one_number_are_not_mixed_up(tmp_path):
    tree(tmp_path, "Naruto/Film 1.mkv", "Naruto/OVA 1.mkv")
    (one,) = scan(tmp_path).series
    assert found(scan(tmp_path)) == {(0, 1): "Film 1.mkv"} and one.not_understood[0][0] == "OVA 1.mkv"


@pytest.mark.parametrize(
    ("folder", "facts"),
    [
        ("Naruto", {"folder": "Naruto"}),
        ("NARUTO", {"folder": "Naruto"}),
        ("naruto (2002)", {"folder": "", "year": 2002}),
        ("Naruto_", {"folder": ""}),
        ("Ma\u0308rchen", {"name": "Märchen", "folder": "Märchen"}),
        ("Maerchen", {"name": "Märchen", "folder": ""}),
        ("Re - Zero", {"name": "Re:Zero", "folder": ""}),
        ("Der Titel", {"names": ("Der Titel",), "folder": ""}),
        ("Naruto (2003)", {"folder": "", "year": 2002}),
    ],
)
def test_a_folder_is_known_by_what_is_stored_or_by_its_name(tmp_path, folder, facts):
    tree(tmp_path, f"{folder}/S01E01.mkv")
    result = scan(tmp_path, series(**facts))
    assert [(one.key, one.folder) for one in result.series] == [("naruto", folder)] and not result.unmatched


@pytest.mark.parametrize(
    ("folder", "facts"),
    [("Naruto (2020)", {"folder": "", "year": 2002}), ("Naruto 2", {"folder": ""}), ("Boruto", {"folder": ""})],
)
def test_a_folder_that_may_be_another_series_is_only_offered(tmp_path, folder, facts):
    tree(tmp_path, f"{folder}/S01E01.mkv")
    result = scan(tmp_path, series(**facts))
    assert not result.series and [one.folder for one in result.unmatched] == [folder]


def test_two_series_of_one_name_are_told_apart_by_a_person(tmp_path):
    tree(tmp_path, "Fruits Basket/S01E01.mkv")
    two = (series("fb", "Fruits Basket", folder=""), series("fb-2019", "Fruits Basket", folder=""))
    (offered,) = scan(tmp_path, *two).unmatched
    assert {one.key for one in offered.candidates} == {"fb", "fb-2019"}
    assert [one.key for one in scan(tmp_path, *two, matched={"Fruits Basket": "fb-2019"}).series] == ["fb-2019"]
    assert not scan(tmp_path, *two, matched={"Fruits Basket": None}).unmatched


def test_a_second_folder_of_a_series_is_offered_not_mixed(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv", "naruto (2002)/S01E02.mkv")
    result = scan(tmp_path)
    assert found(result) == {(1, 1): "S01E01.mkv"} and [one.folder for one in result.unmatched] == ["naruto (2002)"]


def test_a_legacy_key_file_names_the_series(tmp_path):
    tree(tmp_path, "Irgendwas/S01E01.mkv", "Irgendwas/key", "Fremd/S01E01.mkv", "Fremd/data")
    keys = {"Irgendwas": "naruto", "Fremd": "unbekannt"}
    scanner = SerieScanner(tmp_path, legacy_key=lambda folder: keys[folder.name])
    result = scanner.scan([series(folder="")], scan_id="s")
    assert [one.folder for one in result.series] == ["Irgendwas"] and [one.folder for one in result.unmatched] == [
        "Fremd"
    ]


def test_a_root_that_is_missing_or_suddenly_empty_is_no_result(tmp_path):
    with pytest.raises(LibraryUnavailable):
        scan(tmp_path / "nothing")
    tree(tmp_path, "file/x")
    with pytest.raises(LibraryUnavailable):
        scan(tmp_path / "file" / "x")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert scan(empty).series == ()  # nothing was there before
    with pytest.raises(LibraryUnavailable):
        scan(empty, series(had_files=True))


def test_a_root_that_is_unmounted_half_way_is_no_result(tmp_path):
    root = tmp_path / "disk"
    tree(root, *(f"Serie {n}/S01E01.mkv" for n in range(60)))

    class Unmounts:
        def on_progress(self, context):
            if context.current:
                root.rename(tmp_path / "away")
                root.mkdir()
                callbacks.clear()

    callbacks = CallbackManager()
    callbacks.register(Unmounts())
    with pytest.raises(LibraryUnavailable):
        SerieScanner(root, callbacks).scan([series(had_files=True)], scan_id="s")


def test_a_scan_stops_when_it_is_told(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv")
    with pytest.raises(Cancelled):
        scan(tmp_path, should_stop=lambda: True)


def test_loops_and_dead_links_are_survived_and_told(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv")
    (tmp_path / "Naruto/loop").symlink_to(".")
    result = scan(tmp_path)
    assert found(result) == {(1, 1): "S01E01.mkv"} and not result.series[0].uncertain
    assert any("leads back" in warning for warning in result.warnings)
    (tmp_path / "Naruto/Season 02").symlink_to(tmp_path / "not there")
    assert scan(tmp_path).series[0].uncertain
    (tmp_path / "Bleach").symlink_to(tmp_path / "not there")
    bleach = next(
        one
        for one in scan(tmp_path, series(), series("bleach", "Bleach", had_files=True)).series
        if one.key == "bleach"
    )
    assert bleach.uncertain


def test_a_link_in_circles_is_told_and_the_rest_is_read(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv")
    for place in (tmp_path, tmp_path / "Naruto"):
        (place / "round").symlink_to("about")
        (place / "about").symlink_to("round")
    result = scan(tmp_path)
    assert found(result) == {(1, 1): "S01E01.mkv"} and result.series[0].uncertain
    assert sum("leads nowhere" in warning for warning in result.warnings) == 2


def test_a_link_to_the_library_itself_brings_no_other_series_episodes(tmp_path):
    tree(tmp_path / "root", "Naruto/S01E01.mkv", "Bleach/S01E02.mkv")
    (tmp_path / "root/Naruto/up").symlink_to("..")
    (tmp_path / "root/Naruto/all").symlink_to(tmp_path)
    result = scan(tmp_path / "root", series())
    assert found(result) == {(1, 1): "S01E01.mkv"} and not result.series[0].uncertain
    assert sum("leads up" in warning for warning in result.warnings) == 2


def test_links_to_other_folders_and_files_are_followed(tmp_path):
    tree(tmp_path, "elsewhere/S01E01.mkv", "elsewhere/x.mkv", "root/Bleach/S01E01.mkv")
    (tmp_path / "root/Naruto").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root/Bleach/S01E02.mkv").symlink_to(tmp_path / "elsewhere/x.mkv")
    result = scan(tmp_path / "root", series(), series("bleach", "Bleach"))
    assert sorted(found(result)) == [(1, 1)] and sorted(found(result, "bleach")) == [(1, 1), (1, 2)]


def test_a_folder_that_may_not_be_read_is_uncertain():
    """As another user where the tests run as root, whom nothing is refused."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        tree(root, "Naruto/S01E01.mkv", "Naruto/Season 02/S02E01.mkv")
        root.chmod(0o755)
        (root / "Naruto/Season 02").chmod(0o000)
        told = as_nobody(lambda: told_of(scan(root)))
        (root / "Naruto/Season 02").chmod(0o755)
    assert told.startswith("[(True, (1, 1))]") and "Season 02 cannot be read" in told


def test_a_directory_that_grew_younger_in_reverse_is_uncertain(tmp_path):
    """An older empty directory where there was a newer full one: the mount point of a disk that is gone."""
    tree(tmp_path, "Naruto/S01E01.mkv", "Bleach/S01E01.mkv")
    age(tmp_path)
    seen = scan(tmp_path).directories
    (tmp_path / "Naruto/S01E01.mkv").unlink()
    os.utime(tmp_path / "Naruto", (1, 1))
    for _ in range(2):  # and it stays so
        result = scan(tmp_path, series(had_files=True), seen=seen)
        assert result.series[0].uncertain
        seen = result.directories


def test_unchanged_folders_are_skipped_and_young_ones_are_not_trusted(tmp_path):
    tree(tmp_path, "Naruto/Season 01/S01E01.mkv", "Naruto/Season 02/S02E01.mkv")
    assert scan(tmp_path).directories == {}  # changed within the last two seconds
    age(tmp_path)
    seen = scan(tmp_path).directories
    assert set(seen) == {"Naruto"} and set(seen["Naruto"]) == {"", "Season 01", "Season 02"}
    again = scan(tmp_path, series(unchanged=True), seen=seen)
    assert again.series[0].unchanged and again.directories == seen
    assert not scan(tmp_path, series(), seen=seen).series[0].unchanged  # its facts changed
    tree(tmp_path, "Naruto/Season 02/S02E02.mkv")
    asked = []
    result = scan(
        tmp_path,
        series(unchanged=True, episodes=()),
        seen=seen,
        complete=lambda short: asked.append(short) or [series()],
    )
    assert sorted(found(result)) == [(1, 1), (2, 1), (2, 2)] and asked


def test_names_that_are_no_text_are_told_and_passed_over(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv")
    (tmp_path / os.fsdecode(b"Br\xfche")).mkdir()
    (tmp_path / "Naruto" / os.fsdecode(b"S01E02 \xff.mkv")).write_bytes(b"x")
    result = scan(tmp_path)
    assert sorted(found(result)) == [(1, 1)] and len(result.warnings) == 2
    assert all(warning.isprintable() for warning in result.warnings)


def test_files_outside_of_any_folder_are_counted_in_a_warning(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv", "Bleach S01E01.mkv", "readme.txt", ".recycle/x/S01E01.mkv")
    result = scan(tmp_path)
    assert len(result.warnings) == 1 and result.warnings[0].startswith("One video lies") and not result.unmatched


def test_a_scan_changes_nothing_on_the_disk(tmp_path):
    tree(tmp_path, "Naruto/S01E01.mkv", "Fremd/x.mkv", "Naruto/Season 02/S02E01.mkv")
    age(tmp_path)
    before = {path: path.lstat() for path in tmp_path.rglob("*")}
    scan(tmp_path)
    after = {path: path.lstat() for path in tmp_path.rglob("*")}
    assert {p: (s.st_mtime_ns, s.st_ino, s.st_size) for p, s in before.items()} == {
        p: (s.st_mtime_ns, s.st_ino, s.st_size) for p, s in after.items()
    }


@pytest.mark.parametrize(
    "folder",
    [
        "Naruto (2002) [tvdbid-78857]",
        "Naruto (2002) {tmdb-46260}",
        "Naruto [imdbid-tt0409591] (2002)",
        "naruto.[anidb-239]",
        "Naruto [tmdbid=46260]",
    ],
)
def test_a_folder_that_carries_a_media_servers_id_is_known_by_its_name(tmp_path, folder):
    tree(tmp_path, f"{folder}/Season 01/Naruto - S01E01.mkv")
    assert found(scan(tmp_path, series(folder="", year=2002))) == {(1, 1): "Season 01/Naruto - S01E01.mkv"}
    assert not scan(tmp_path, series(folder="", year=1995)).series or "2002" not in folder


def test_names_are_compared_by_what_a_reader_sees():
    assert (
        name_form("Re:ZERO - Märchen & Co. (2016)") == name_form("re zero maerchen and co") == "re zero maerchen and co"
    )
    assert name_form("進撃の巨人 (2013)") == "進撃の巨人"
    matcher = Matcher([series("aot", "Attack on Titan", folder=""), series("other", "Titan", folder="")])
    assert [one.key for one in matcher.candidates("Attack on Titans")] == ["aot"]
    assert matcher.candidates("völlig anders") == ()


def numbering(*counts: int) -> Numbering:
    return Numbering(
        [(season, number, None) for season, count in enumerate(counts, 1) for number in range(1, count + 1)]
    )


def test_an_absolute_number_behind_its_own_seasons_code_is_that_episode():
    catalogue = numbering(12, 12)
    assert catalogue.places(Found(2, (15,))) == ((2, 3),)  # S02E15, where 15 is the absolute number of S02E03
    assert catalogue.places(Found(2, (23, 24))) == ((2, 11), (2, 12))
    assert catalogue.places(Found(2, (12,))) == ((2, 12),)
    assert catalogue.places(Found(1, (15,))) == ((1, 15),)  # of another season: kept as the name says
    assert catalogue.places(Found(3, (26,))) == ((3, 26),)


def test_two_counts_count_where_the_catalogue_agrees():
    assert numbering(98, 26).places(Found(None, (), (17,), also=115)) == ((2, 17),)
    assert numbering(26).places(Found(None, (), (17,), also=115)) == ((1, 17),)  # a sequel with an entry of its own
    assert numbering(60, 60).places(Found(None, (), (17,), also=115)) is None
    assert numbering(50, 50).places(Found(None, (), (17,), also=115)) is None


def test_a_name_that_guessit_answers_oddly_does_not_end_the_scan(tmp_path):
    tree(tmp_path, "Naruto/Naruto Temporada 2 Cap.408.mkv", "Naruto/S01E01.mkv")
    (one,) = scan(tmp_path, series()).series
    assert set(one.files) == {(1, 1)} and len(one.not_understood) == 1
