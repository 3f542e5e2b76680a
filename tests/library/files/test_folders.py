"""Folders as people have them: what a scan accepts, a download goes into, under the name that is on the disk."""

from __future__ import annotations

import errno
import os
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from aniworld.core.errors import DiskFull, LibraryUnavailable, StorageError, UnsafePath
from aniworld.core.naming import is_ignored_folder, path_component
from aniworld.library.files.artwork import write_poster
from aniworld.library.files.folders import check_landing, existing, folder_of_season, landing, longest_name
from aniworld.library.files.nfo import SeriesNfo, write_series_nfo
from aniworld.library.files.place import place
from aniworld.library.files.recycle_bin import RecycleBin
from aniworld.library.scan.matching import KnownSeries
from aniworld.library.scan.scanner import SerieScanner
from aniworld.library.scan.walk import counts, list_folder

FORMS = (
    "Re:Zero (2019)",
    unicodedata.normalize("NFD", "Für Ältere Öfen"),
    "Wer ist es?",
    "Nichts geht mehr...",
    "Zwei  Leerzeichen",
    "Geschützt\u00a0verbunden",
    "Unsichtbar\u200bgetrennt",
    'Das "Zitat"',
    "Stern*stunde",
    "Kleiner < Größer >",
    "Strich | Strich",
    "Gegen\\Strich",
    "Am Ende ein Leerzeichen ",
    " Am Anfang eines",
    "x" * 245,
    "CON",
    "Name\u202ewendet",
    "Tab\tund Zeile\nneu",
    "Name.",
    "🎌 Fahne",
    "AUX.Serie",
    "Volle：Breite？",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "library/.incoming/item").mkdir(parents=True)
    return tmp_path / "library"


def fetched(root: Path) -> Path:
    file = root / ".incoming/item/media.mkv"
    file.write_bytes(b"new")
    return file


def put(root: Path, folder: str, links: tuple[str, ...] = (), season: int | None = 1) -> Path:
    check_landing(root, folder, season, links)
    return place(fetched(root), root, landing(root, folder, season, links) / "A - S01E02.mkv", links=links)


def scanned(root: Path, folder: str, links: tuple[str, ...] = ()) -> tuple[set[tuple[int, int]], tuple[str, ...]]:
    known = [KnownSeries("a", "A", folder)]
    result = SerieScanner(root, links=links).scan(known, scan_id="1")
    return {place for series in result.series for place in series.files}, result.warnings


@pytest.mark.parametrize("name", FORMS, ids=range(len(FORMS)))
def test_a_folder_that_the_scan_accepts_takes_a_download(root: Path, name: str) -> None:
    season = root / name / "Season 01"
    season.mkdir(parents=True)
    (season / "A - S01E01.mkv").write_bytes(b"old")
    path = put(root, name)
    assert path == season / "A - S01E02.mkv" and path.read_bytes() == b"new"
    assert sorted(os.listdir(root)) == sorted([".incoming", name])
    assert scanned(root, name)[0] == {(1, 1), (1, 2)}


@pytest.mark.parametrize("name", FORMS, ids=range(len(FORMS)))
def test_so_does_a_season_folder(root: Path, name: str) -> None:
    inner = root / "A" / name
    inner.mkdir(parents=True)
    path = place(fetched(root), root, PurePosixPath("A", name, "A - S01E02.mkv"))
    assert path == inner / "A - S01E02.mkv" and os.listdir(root / "A") == [name]


@pytest.mark.parametrize("name", FORMS, ids=range(len(FORMS)))
def test_a_file_of_such_a_folder_is_replaced_and_brought_back(root: Path, name: str) -> None:
    old = root / name / "alt.mkv"
    old.parent.mkdir()
    old.write_bytes(b"old")
    bin_ = RecycleBin(root)
    place(fetched(root), root, PurePosixPath(name, "A - S01E02.mkv"), replace=old, recycle=bin_)
    (entry,) = bin_.list()
    assert entry.original == f"{name}/alt.mkv" and not old.exists()
    assert bin_.restore(entry.id) == old and old.read_bytes() == b"old"


@pytest.mark.parametrize("name", [*FORMS, "Umbenannt: neu?"], ids=range(len(FORMS) + 1))
def test_a_missing_folder_is_created_as_the_records_spell_it(root: Path, name: str) -> None:
    """Its directory may only be moved aside, and a second one of another spelling would hide what it holds."""
    path = put(root, name)
    assert path.parent.parent == root / name
    assert sorted(os.listdir(root)) == sorted([".incoming", name])
    assert scanned(root, name)[0] == {(1, 2)}


def test_a_folder_that_the_disk_does_not_allow_is_refused_before_a_file_is_fetched(root: Path) -> None:
    name = "Ä" * 200  # 400 bytes: another disk counts characters, this one bytes
    with pytest.raises(UnsafePath, match="is not there, and this disk does not allow a folder of that name; bring"):
        check_landing(root, name, 1)
    assert [one for one in os.listdir(root) if one != ".incoming"] == []


def test_other_letters_of_the_same_name_are_the_folder_that_exists(root: Path) -> None:
    (root / "NARUTO/season 01").mkdir(parents=True)
    (root / "NARUTO/season 01/a.mkv").touch()
    assert put(root, "Naruto").parent == root / "NARUTO/season 01"
    (root / unicodedata.normalize("NFD", "Öfen")).mkdir()
    assert put(root, "öfen").parent.parent.name == unicodedata.normalize("NFD", "Öfen")


def test_an_exact_name_goes_before_its_like_and_a_folder_before_a_file(root: Path) -> None:
    for name in ("naruto", "Naruto"):
        (root / name).mkdir()
    (root / "ONE PIECE").touch()
    (root / "one piece").mkdir()
    assert existing(root, "naruto") == "naruto" and existing(root, "Naruto") == "Naruto"
    assert existing(root, "One Piece") == "one piece" and existing(root, "Bleach") is None


@pytest.mark.parametrize(
    "folder",
    [
        "..",
        "../x",
        "/etc",
        "",
        ".",
        ".incoming",
        ".recycle",
        "A/../../x",
        "@Recycle",
        "#recycle",
        "...",
        "\0",
        "A/.git",
    ],
)
def test_what_is_no_folder_of_a_library_is_refused(root: Path, folder: str) -> None:
    (root / ".recycle").mkdir()
    (root / "@Recycle").mkdir()
    with pytest.raises(UnsafePath):
        landing(root, folder, 1)
    with pytest.raises(UnsafePath):
        place(fetched(root), root, PurePosixPath(folder, "A - S01E02.mkv"))
    assert not (root.parent / "x").exists()


def test_a_library_that_is_a_link_itself_is_one(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    path = put(link, "Re:Zero")
    assert path == link / "Re:Zero/Season 01/A - S01E02.mkv" and path.is_file()


# ── links


@pytest.fixture
def second(tmp_path: Path) -> Path:
    folder = tmp_path / "second disk"
    folder.mkdir()
    return folder


def test_a_linked_series_folder_takes_a_download_where_its_target_is_allowed(root: Path, second: Path) -> None:
    (second / "Re:Zero").mkdir()
    (root / "Zero").symlink_to(second / "Re:Zero")
    links = (str(second),)
    path = put(root, "Zero", links)
    assert path == root / "Zero/Season 01/A - S01E02.mkv"
    assert (second / "Re:Zero/Season 01/A - S01E02.mkv").read_bytes() == b"new"
    assert scanned(root, "Zero", links) == ({(1, 2)}, ())


def test_a_linked_season_folder_too_and_what_it_replaces_can_be_brought_back(root: Path, second: Path) -> None:
    (root / "A").mkdir()
    (root / "A/Staffel 1").symlink_to(second)
    (second / "Folge 2.mkv").write_bytes(b"old")
    links = (str(second),)
    bin_ = RecycleBin(root, links=links)
    relative = landing(root, "A", 1, links) / "A - S01E02.mkv"
    assert relative == PurePosixPath("A/Staffel 1/A - S01E02.mkv")
    place(fetched(root), root, relative, replace=root / "A/Staffel 1/Folge 2.mkv", recycle=bin_, links=links)
    assert os.listdir(second) == ["A - S01E02.mkv"]
    (entry,) = bin_.list()
    assert bin_.restore(entry.id) == root / "A/Staffel 1/Folge 2.mkv"
    assert (second / "Folge 2.mkv").read_bytes() == b"old"


@pytest.mark.parametrize("at", ["Zero", "A/Season 01"])
def test_a_link_out_of_the_library_is_told_by_the_scan_and_before_a_file_is_fetched(
    root: Path, second: Path, at: str
) -> None:
    (root / "A").mkdir()
    (root / at).symlink_to(second)
    (second / "A - S01E01.mkv").write_bytes(b"old")
    folder = at.partition("/")[0]
    with pytest.raises(UnsafePath, match=f"{at} is a link to {second}, outside of the library.*settings"):
        check_landing(root, folder, 1)
    with pytest.raises(UnsafePath):
        place(fetched(root), root, PurePosixPath(folder, "Season 01/A - S01E02.mkv"))
    assert os.listdir(second) == ["A - S01E01.mkv"]
    places, warnings = scanned(root, folder)
    assert places == {(1, 1)} and any(f"{at} is a link to {second}" in warning for warning in warnings)
    assert list_folder(str(root), folder, {}).trusted is False, "it is told by each scan"


def test_an_allowed_folder_allows_no_other_and_no_way_back_out_of_it(root: Path, second: Path, tmp_path: Path) -> None:
    for name in ("second disk 2", "outside"):
        (tmp_path / name).mkdir()
    (root / "Near").symlink_to(tmp_path / "second disk 2")
    (root / "Out").symlink_to(second / "way")
    (second / "way").symlink_to(tmp_path / "outside")
    for name in ("Near", "Out"):
        with pytest.raises(UnsafePath):
            put(root, name, (str(second),))
    assert not list((tmp_path / "outside").iterdir()) and not list((tmp_path / "second disk 2").iterdir())


def test_an_empty_word_among_the_allowed_folders_allows_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root.parent)
    (root / "Out").symlink_to(root.parent)
    with pytest.raises(UnsafePath):
        put(root, "Out", ("",))


def test_a_removed_folder_that_is_a_link_leaves_the_files_behind_it(root: Path, second: Path) -> None:
    (second / "Folge 1.mkv").write_bytes(b"old")
    (root / "A").symlink_to(second)
    bin_ = RecycleBin(root, links=(str(second),))
    entry = bin_.put(root / "A")
    assert not (root / "A").is_symlink() and (second / "Folge 1.mkv").exists()
    assert bin_.restore(entry.id) == root / "A" and (root / "A/Folge 1.mkv").read_bytes() == b"old"


# ── what is known before the transfer


def test_a_file_in_the_way_of_a_folder_is_known_before(root: Path) -> None:
    (root / "A").touch()
    with pytest.raises(UnsafePath, match="There is a file where the folder 'A' is needed"):
        check_landing(root, "A", 1)


def test_a_file_in_the_way_of_the_season_too(root: Path) -> None:
    (root / "A").mkdir()
    (root / "A/Season 01").touch()
    with pytest.raises(UnsafePath, match="Season 01"):
        check_landing(root, "A", 1)


def test_a_link_that_leads_nowhere_waits_for_its_disk(root: Path, second: Path) -> None:
    (root / "A").symlink_to(second / "gone")
    with pytest.raises(LibraryUnavailable, match="A is a link that leads nowhere"):
        check_landing(root, "A", 1, (str(second),))


def test_a_library_that_is_gone_is_known_before(tmp_path: Path) -> None:
    with pytest.raises(LibraryUnavailable):
        check_landing(tmp_path / "gone", "A", 1)


@pytest.mark.parametrize("closed", ["", "A", "A/Season 01"])
def test_a_folder_that_cannot_be_written_is_known_before(root: Path, closed: str, monkeypatch) -> None:
    (root / "A/Season 01").mkdir(parents=True)
    true = os.access
    refused = root / closed  # the one question that the system would answer otherwise; root may write everywhere
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != refused and true(path, mode))
    if closed == "A":  # its season is there and can be written: that is enough
        check_landing(root, "A", 1)
        with pytest.raises(StorageError, match="The folder A cannot be written"):
            check_landing(root, "A", 2)
    else:
        with pytest.raises(StorageError, match="cannot be written"):
            check_landing(root, "A", 1)


def test_a_path_that_is_too_long_is_known_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = root
    for _ in range(16):
        long = long / ("x" * 240)
        os.mkdir(long)
    with pytest.raises(UnsafePath, match="too long"):
        check_landing(long, "A", 1)


def test_a_recycle_bin_that_is_a_file_or_a_link_is_known_before(root: Path) -> None:
    bin_ = RecycleBin(root)
    bin_.check()
    (root / ".recycle").touch()
    with pytest.raises(UnsafePath):
        bin_.check()
    (root / ".recycle").unlink()
    (root / ".recycle").symlink_to(root.parent)
    with pytest.raises(UnsafePath):
        bin_.check()


def test_a_name_is_as_long_as_its_file_system_allows(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert longest_name(root / "A/Season 01") == 240
    monkeypatch.setattr(os, "pathconf", lambda path, name: 143)  # an encrypted folder of Synology
    assert longest_name(root / "A/Season 01") == 143


def test_a_folder_that_has_the_name_of_the_new_file_stays(root: Path) -> None:
    taken = root / "A/A - S01E02.mkv"
    taken.mkdir(parents=True)
    (taken / "mine.mkv").touch()
    path = place(fetched(root), root, PurePosixPath("A/A - S01E02.mkv"), recycle=RecycleBin(root))
    assert path.name == "A - S01E02 (2).mkv" and (taken / "mine.mkv").exists()


# ── the folder of a season


def holding(root: Path, *files: str) -> Path:
    for file in files:
        (root / "A" / file).parent.mkdir(parents=True, exist_ok=True)
        (root / "A" / file).touch()
    return root / "A"


@pytest.mark.parametrize(
    ("files", "season", "folder"),
    [
        (("Staffel 1/1.mkv",), 1, "Staffel 1"),
        (("Staffel 1/1.mkv",), 2, "Season 02"),
        (("S2/2x01.mkv", "Staffel 1/1.mkv"), 2, "S2"),
        (("Season 1/1.mkv",), 1, "Season 1"),
        (("Staffel 1/readme.txt",), 1, "Season 01"),
        (("Staffel 1/1.mkv", "Season 01/2.mkv"), 1, "Season 01"),
        (("Staffel 1/1.mkv", "Staffel 1/2.mkv", "Season 01/3.mkv"), 1, "Staffel 1"),
        (("Staffel 1/Folge 01/x.mkv",), 1, "Staffel 1"),
        (("Staffel 2 Folge 7/video.mkv",), 2, "Season 02"),
        (("Staffel 1 Teil 2/1.mkv",), 1, "Season 01"),
        (("Staffel 1-3/1.mkv",), 1, "Season 01"),
        (("Specials/1.mkv",), 0, "Specials"),
        (("Filme/Film 1.mkv",), 0, "Filme"),
        (("Season 2 Specials/1.mkv",), 0, "Season 00"),
        (("1.mkv",), 1, "Season 01"),
        (("@Recycle/Staffel 1/1.mkv",), 1, "Season 01"),
        (("Staffel 1/@Recycle/1.mkv",), 1, "Season 01"),
    ],
)
def test_new_episodes_go_to_the_folder_that_holds_their_season(
    root: Path, files: tuple[str, ...], season: int, folder: str
) -> None:
    assert folder_of_season(holding(root, *files), season) == folder


def test_an_episode_in_the_german_season_folder_is_read_back_as_that_episode(root: Path) -> None:
    holding(root, "Staffel 1/A - Folge 01.mkv")
    assert put(root, "A").parent == root / "A/Staffel 1"
    assert (1, 2) in scanned(root, "A")[0]


# ── what is no episode

LITTER = (
    "@Recycle",
    "@Recently-Snapshot",
    "#snapshot",
    "~snapshot",
    "@tmp",
    "RECYCLER",
    "Recycled",
    "found.000",
    "FOUND.001",
    ".Trash-1000",
    "$RECYCLE.BIN",
    "lost+found",
    "@eaDir",
    ".@__thumb",
    "#recycle",
    "System Volume Information",
    ".snapshots",
    "Network Trash Folder",
    "Trash-1000",
    "_UNPACK_Serie.S01",
    "Plex Versions",
    "@Recycle Bin",
    "LOST.DIR",
    "@Recently-Deleted",
    "@downloads",
    "@Downloads",
    "@Recycled",
    "@deleted",
    "@trashcan",
    "@cache",
    "@autoupdate",
    "@quarantine",
    "@iSCSI",
    "@iSCSI_LUN1",
    "@synologydrive",
    "@syno",
)


@pytest.mark.parametrize("name", LITTER)
@pytest.mark.parametrize("at", ["{}", "A/{}", "A/Season 01/{}", "A/Season 01/x/{}"])
def test_folders_of_systems_and_recycle_bins_hold_no_episodes_at_any_depth(root: Path, name: str, at: str) -> None:
    (root / "A").mkdir()
    folder = root / at.format(name) / "deeper"
    folder.mkdir(parents=True)
    (folder / "A - S01E01.mkv").write_bytes(b"old")
    result = SerieScanner(root).scan([KnownSeries("a", "A", "A")], scan_id="1")
    assert not any(series.files for series in result.series) and not result.unmatched
    assert not is_ignored_folder(path_component(name)), "no folder is made that the scan would not read"


def test_names_of_series_that_look_like_it_are_series(root: Path) -> None:
    for name in (
        "#Compass 2.0",
        "@Home",
        "Recycle",
        "Trash",
        "Snapshot",
        "Lost and Found",
        "Temp",
        "$pecial",
        "@Downloaded Girl",
        "@Home 2",
        "Cache",
    ):
        assert not is_ignored_folder(name), name


UNFINISHED = (
    ("x S01E01.mp4", "x S01E01.mp4.aria2"),
    ("x S01E01.part.mp4", ""),
    ("x S01E01.temp.mp4", ""),
    ("x S01E01.tmp.mkv", ""),
    ("x S01E01.mp4", "x S01E01.mp4.ytdl"),
    ("x S01E01.mkv", "x S01E01.mkv.st"),
    ("x S01E01.partial.mp4", ""),
    ("x S01E01.mp4", "x S01E01.mp4.lftp-pget-status"),
    ("x S01E01.mkv.part", ""),
    ("x S01E01.crdownload.mp4", ""),
    ("x S01E01.MP4", "x S01E01.MP4.ARIA2"),
    ("x S01E01.!qB.mkv", ""),
    ("x S01E01.incomplete.mkv", ""),
    ("Staffel 1/x S01E01.mkv", "Staffel 1.aria2"),
)


@pytest.mark.parametrize(("file", "beside"), UNFINISHED)
def test_what_is_still_being_downloaded_is_not_present(root: Path, file: str, beside: str) -> None:
    (root / "A" / file).parent.mkdir(parents=True)
    (root / "A" / file).write_bytes(b"half")
    if beside:
        (root / "A" / beside).touch()
    places, warnings = scanned(root, "A")
    assert places == set()
    assert not beside or any(beside in warning for warning in warnings), "and the scan says so"


def test_an_empty_file_beside_its_part_is_unfinished_and_a_whole_one_is_not(root: Path) -> None:
    for name, content in (("x S01E01.mp4", b""), ("x S01E02.mp4", b"whole")):
        (root / "A").mkdir(exist_ok=True)
        (root / "A" / name).write_bytes(content)
        (root / "A" / f"{name}.part").touch()
    assert scanned(root, "A")[0] == {(1, 2)}


def test_a_stored_file_does_not_count_any_more_where_it_is_litter_or_unfinished(root: Path) -> None:
    folder = holding(root, "@Recycle/1.mkv", "1.part.mkv", "2.mkv", "2.mkv.aria2", "3.mkv")
    told = {path: counts(str(folder), path) for path in ("@Recycle/1.mkv", "1.part.mkv", "2.mkv", "3.mkv")}
    assert told == {"@Recycle/1.mkv": False, "1.part.mkv": False, "2.mkv": False, "3.mkv": True}


@pytest.mark.parametrize("umask", [0o002, 0o027, 0o022], ids=oct)
def test_what_others_may_do_in_the_library_is_what_the_umask_says(root: Path, umask: int, second: Path) -> None:
    """A poster, an NFO file, folders, and a file that was copied from another disk."""
    image = b"\x89PNG\r\n\x1a\n" + bytes(40)
    shared = Path("/dev/shm") if Path("/dev/shm").is_dir() else second
    before = os.umask(umask)
    try:
        path = put(root, "A")
        source = shared / f"aniworld-{os.getpid()}-{umask}.mkv"
        source.write_bytes(b"x")
        copied = place(source, root, PurePosixPath("A/Season 01/A - S01E03.mkv"))
        poster = write_poster(root, root / "A", image)
        nfo = write_series_nfo(root, root / "A", SeriesNfo("A", "a"))
    finally:
        os.umask(before)
    assert poster and nfo
    modes = {oct(one.stat().st_mode & 0o777) for one in (path, copied, poster, nfo)}
    assert modes == {oct(0o666 & ~umask)}
    assert {oct(one.stat().st_mode & 0o777) for one in (path.parent, path.parent.parent)} == {oct(0o777 & ~umask)}


@pytest.fixture
def other_disk(root: Path) -> Iterator[Path]:
    """A folder on another file system than the library's."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == root.stat().st_dev:
        pytest.skip("there is no second file system here")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


def test_a_folder_on_another_disk_is_replaced_into_and_brought_back_from_the_bin(root: Path, other_disk: Path) -> None:
    links = (str(other_disk),)
    bin_ = RecycleBin(root, links=links)
    (root / "A").symlink_to(other_disk)
    assert check_landing(root, "A", 1, links) == root / "A"
    for content in (b"first", b"second"):
        source = fetched(root)
        source.write_bytes(content)
        place(source, root, PurePosixPath("A/Season 01/A - S01E02.mkv"), recycle=bin_, links=links)
    assert (other_disk / "Season 01/A - S01E02.mkv").read_bytes() == b"second"
    assert os.listdir(other_disk / "Season 01") == ["A - S01E02.mkv"], "and no draft is left"
    (entry,) = bin_.list()
    back = bin_.restore(entry.id)
    assert back == root / "A/Season 01/A - S01E02 (restored).mkv" and back.read_bytes() == b"first"
    folder = bin_.put(root / "A/Season 01")
    assert not (other_disk / "Season 01").exists()
    assert bin_.restore(folder.id) == root / "A/Season 01" and len(os.listdir(other_disk / "Season 01")) == 2
    assert bin_.list() == [] and os.listdir(other_disk) == ["Season 01"]


def test_a_full_bin_leaves_the_file_on_the_other_disk_as_it_was(root: Path, other_disk: Path, monkeypatch) -> None:
    links = (str(other_disk),)
    (root / "A").symlink_to(other_disk)
    (other_disk / "A - S01E02.mkv").write_bytes(b"old")

    def full(source: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("aniworld.library.files.recycle_bin.copy_synced", full)
    with pytest.raises(DiskFull):
        place(
            fetched(root), root, PurePosixPath("A/A - S01E02.mkv"), recycle=RecycleBin(root, links=links), links=links
        )
    assert (other_disk / "A - S01E02.mkv").read_bytes() == b"old" and os.listdir(other_disk) == ["A - S01E02.mkv"]
    assert (root / ".incoming/item/media.mkv").read_bytes() == b"new"
