"""The file of a backup: a zip of known names with a manifest that states the size and hash of each.

Whatever a file that came from elsewhere says, nothing is read past the stated sizes and the limits here (A24): known
names only, no links, no twins, nothing encrypted, no file that grows more than honest rows do.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from aniworld.config.store import BACKUP_NAME as SETTINGS_NAME
from aniworld.core.errors import InvalidInput

FORMAT = 1
MANIFEST = "manifest.json"
CONFIG, SECRET_KEY = "config.json", "secret_key"
ENTRIES_LIMIT = 100_000
DIRECTORY_LIMIT = 32 * 1024 * 1024
MANIFEST_LIMIT = 32 * 1024 * 1024
TABLE_LIMIT = 4 * 1024**3
TOTAL_LIMIT = 16 * 1024**3
LINE_LIMIT = 16 * 1024 * 1024
GROWTH_LIMIT, GROWS_FREELY = 250, 1024 * 1024
CHUNK = 256 * 1024

_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, OverflowError)
_SMALL = 1024 * 1024
_LIMITS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"database/[a-z][a-z0-9_]{0,62}\.jsonl"), TABLE_LIMIT),
    (re.compile(r"covers/[0-9a-f]{64}\.(jpg|png|webp|gif)"), 5 * _SMALL),
    (re.compile(rf"settings/{SETTINGS_NAME.pattern}"), _SMALL),
    (re.compile(re.escape(CONFIG)), _SMALL),
    (re.compile(SECRET_KEY), 4096),
)


@dataclass(frozen=True)
class TableFacts:
    """``columns``: name → kind, as in ``portable.Form``. ``checksum``: the rows' own, in any order."""

    rows: int
    columns: dict[str, str]
    checksum: str


@dataclass(frozen=True)
class Manifest:
    """``secrets``: whether password, keys and hidden settings are in it. ``database``: the kind it was made from."""

    version: str
    revision: str
    created_at: datetime
    kind: str
    database: str
    secrets: bool
    tables: dict[str, TableFacts]
    files: dict[str, tuple[int, str]] = field(repr=False)

    @property
    def total_bytes(self) -> int:
        return sum(size for size, _ in self.files.values())

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


class ArchiveWriter:
    """Files go in one after the other, never whole in memory; ``close`` adds the manifest."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=5)
        self._files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """``chunks`` become the file ``name``; pictures are not packed again."""
        known = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
        known.compress_type = zipfile.ZIP_STORED if name.startswith("covers/") else zipfile.ZIP_DEFLATED
        known.external_attr = (stat.S_IFREG | 0o600) << 16
        size, digest = 0, hashlib.sha256()
        with self._zip.open(known, "w", force_zip64=True) as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self._files[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def close(self, facts: Mapping[str, Any]) -> None:
        manifest = {"program": "aniworld", "format": FORMAT, **facts, "files": self._files}
        self._zip.writestr(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))
        self._zip.close()


class Archive:
    """A backup opened for reading, in a ``with`` block. Raises InvalidInput for a file that is none of ours."""

    def __init__(self, path: Path) -> None:
        self._file = _opened(path)
        try:
            _check_directory(self._file)
            self._zip = zipfile.ZipFile(self._file)
            self._check_entries(os.fstat(self._file.fileno()).st_size)
            self.manifest = _manifest(self._whole(MANIFEST, MANIFEST_LIMIT))
            self._check_against_manifest()
        except BaseException as error:
            self._file.close()
            if isinstance(error, InvalidInput) or not isinstance(error, (*_DAMAGE, ValueError)):
                raise
            raise InvalidInput("This file is no backup of Aniworld, or it is damaged.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.close()

    def names(self, folder: str) -> list[str]:
        """The files below ``folder``, e.g. ``covers``."""
        return [name for name in self.manifest.files if name.startswith(f"{folder}/")]

    def read(self, name: str) -> bytes | None:
        """A small file as a whole, its hash checked; None if the backup has none of this name."""
        if name not in self.manifest.files:
            return None
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """A file in pieces. Raises InvalidInput, at the end, if it is not what the manifest says."""
        size, wanted = self.manifest.files[name]
        digest, left = hashlib.sha256(), size
        try:
            with self._zip.open(name) as file:
                while chunk := file.read(CHUNK):
                    left -= len(chunk)
                    digest.update(chunk)
                    if left < 0:
                        break
                    yield chunk
        except _DAMAGE as error:
            raise InvalidInput(f"{name} in this backup is damaged.") from error
        if left or digest.hexdigest() != wanted:
            raise InvalidInput(f"{name} in this backup is not what its manifest says.")

    def lines(self, name: str) -> Iterator[bytes]:
        """A file line by line, with their ends; checked like ``chunks``."""
        rest, read = b"", 0
        for chunk in self.chunks(name):
            *whole, rest = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
            for line in whole:
                read += 1
                yield line + b"\n"
            if len(rest) > LINE_LIMIT:
                raise InvalidInput(f"Line {read + 1} of {name} in this backup is too long; use another backup.")
        if rest:
            raise InvalidInput(f"Line {read + 1} of {name} in this backup is cut off; take another backup.")

    def _check_entries(self, packed: int) -> None:
        entries = self._zip.infolist()
        names = {entry.filename for entry in entries}
        if len(entries) > ENTRIES_LIMIT or len(names) != len(entries):
            raise InvalidInput("This file holds too many files, or one twice; it is no backup of Aniworld.")
        for entry in entries:
            _check_entry(entry)
        if (
            sum(entry.file_size for entry in entries) > TOTAL_LIMIT
            or sum(each.compress_size for each in entries) > packed
        ):
            raise InvalidInput("This file decompresses to more than a backup can hold; use another backup.")
        if MANIFEST not in names:
            raise InvalidInput("This file has no manifest; it is no backup of Aniworld.")

    def _check_against_manifest(self) -> None:
        sizes = {entry.filename: entry.file_size for entry in self._zip.infolist() if entry.filename != MANIFEST}
        stated = {name: size for name, (size, _) in self.manifest.files.items()}
        if sizes != stated:
            raise InvalidInput("The files in this backup are not those that its manifest names.")
        if {f"database/{name}.jsonl" for name in self.manifest.tables} != set(self.names("database")):
            raise InvalidInput("The tables in this backup are not those that its manifest names.")

    def _whole(self, name: str, limit: int) -> bytes:
        with self._zip.open(name) as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise InvalidInput(f"{name} is too large; use another backup.")
        return content


def _opened(path: Path) -> IO[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InvalidInput(f"{path.name} is no plain file.")
    return os.fdopen(descriptor, "rb")


def _check_directory(file: IO[bytes]) -> None:
    """The zip's own list is read into memory whole, so it is measured first."""
    size = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, size - 70_000))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise InvalidInput("This file is no backup of Aniworld, or it is damaged.")
    (directory,) = struct.unpack_from("<I", tail, end + 12)
    if directory == 0xFFFFFFFF:  # many or large files: the true size stands in an older place
        (place,) = struct.unpack_from("<Q", tail, end - 20 + 8)
        (directory,) = struct.unpack_from("<Q", tail, place - start + 40)
    if directory > DIRECTORY_LIMIT:
        raise InvalidInput("This file holds too many files; it is no backup of Aniworld.")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    limit = MANIFEST_LIMIT if entry.filename == MANIFEST else limit_of(entry.filename)
    if limit is None:
        raise InvalidInput(f"This file holds {entry.filename[:80]!r}, which belongs to no backup of Aniworld.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or entry.flag_bits & 0x1:
        raise InvalidInput(f"{entry.filename} in this backup is a link, or encrypted.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.file_size > limit:
        raise InvalidInput(
            f"{entry.filename} in this backup is too large, or compressed in an unsupported way; use another backup."
        )
    if entry.file_size > GROWS_FREELY and entry.file_size > entry.compress_size * GROWTH_LIMIT:
        raise InvalidInput(
            f"{entry.filename} in this backup decompresses to more than it can hold; use another backup."
        )


def limit_of(name: str) -> int | None:
    """How large a file of this name may be; None for a name that no backup has."""
    return next((limit for pattern, limit in _LIMITS if pattern.fullmatch(name)), None)


def _manifest(content: bytes) -> Manifest:
    try:
        told = json.loads(content)
        if told["program"] != "aniworld" or not isinstance(told["format"], int):
            raise ValueError("another program's")
        if told["format"] > FORMAT:
            raise InvalidInput(
                "This backup was made by a newer Aniworld, in a form that this one does not know; update first."
            )
        return _read(told)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput("The manifest of this backup is not understood.") from error


def _read(told: dict[str, Any]) -> Manifest:
    if not re.fullmatch(r"[0-9]{4}", told["revision"]) or not isinstance(told["secrets"], bool):
        raise ValueError("revision, secrets")
    return Manifest(
        version=str(told["version"])[:40],
        revision=told["revision"],
        created_at=datetime.fromisoformat(told["created_at"]).astimezone(UTC),
        kind=str(told["kind"])[:20],
        database=str(told["database"])[:20],
        secrets=told["secrets"],
        tables={
            name: TableFacts(
                _count(facts["rows"]), {str(k): str(v) for k, v in facts["columns"].items()}, str(facts["checksum"])
            )
            for name, facts in told["tables"].items()
        },
        files={name: (_count(facts["bytes"]), str(facts["sha256"])) for name, facts in told["files"].items()},
    )


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a count")
    return value
