"""FolderChoiceService: whose a folder of no known series is, as a person said; remembered, listed, taken back."""

from __future__ import annotations

import errno
import logging

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from aniworld.core.errors import AlreadyRunning, InvalidInput, NotFound, UnsafePath
from aniworld.core.naming import same_name
from aniworld.models import AnimeSeries, Database, Episode, ImportCandidate, SeenFolder
from aniworld.models.imports import DECIDED, IMPORTED
from aniworld.models.series import NO_FILE
from aniworld.services.scan.service import ScanService
from aniworld.services.scan.views import FolderChoice, UnmatchedFolder

log = logging.getLogger(__name__)


class FolderChoiceService:
    """A choice changes no file: it says to the scan where to look."""

    def __init__(self, database: Database, scan: ScanService) -> None:
        self._database = database
        self._scan = scan

    def offered(self) -> list[UnmatchedFolder]:
        """Folders that belong to no known series, with the series that they may be."""
        return self._scan.unmatched()

    def made(self) -> list[FolderChoice]:
        """What was chosen so far, newest first."""
        query = (
            select(ImportCandidate, AnimeSeries.name)
            .outerjoin(AnimeSeries, AnimeSeries.key == ImportCandidate.series_key)
            .where(DECIDED, ImportCandidate.state != IMPORTED)
            .order_by(ImportCandidate.updated_at.desc(), ImportCandidate.folder)
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        return [FolderChoice(one.folder, one.series_key, name or "", one.updated_at) for one, name in rows]

    def choose(self, folder: str, key: str | None) -> FolderChoice:
        """Gives a folder to a series, or to none (None: it is not offered again). A scan that starts now reads it.

        Raises NotFound, Conflict where the folder or the series is taken, InvalidInput for what leads out of the
        library.
        """
        try:
            folder = self._scan.match(folder, key)
        except UnsafePath as error:
            raise InvalidInput(str(error), {"folder": [str(error)]}) from error
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise NotFound(f"There is no folder {folder[:100]!r} in the library.") from error
        return self._made(folder)

    def take_back(self, folder: str) -> None:
        """Forgets what was chosen for a folder: the series looks where it looked before. Raises NotFound."""
        with self._database.writing() as session:
            choice = _decided(session, folder)
            if choice is None:
                raise NotFound(f"Nothing was chosen for a folder {folder[:100]!r}.")
            if choice.series_key is not None:
                _let_go(session, choice)
            session.execute(update(SeenFolder).where(SeenFolder.path == choice.folder).values(mtime_ns=0, content=[]))
            session.delete(choice)
        try:
            self._scan.start()
        except AlreadyRunning:
            log.info("The folder %r is read by the next scan", folder)

    def _made(self, folder: str) -> FolderChoice:
        return next(one for one in self.made() if one.folder == folder)


def _decided(session: Session, folder: str) -> ImportCandidate | None:
    decided = list(session.scalars(select(ImportCandidate).where(DECIDED)))
    exactly = next((one for one in decided if one.folder == folder), None)
    return exactly or next((one for one in decided if same_name(one.folder, folder)), None)


def _let_go(session: Session, choice: ImportCandidate) -> None:
    """The series has its earlier folder again; its files are those that the next scan finds there."""
    series = session.scalar(select(AnimeSeries).where(AnimeSeries.key == choice.series_key))
    if series is None or series.folder != choice.folder:
        return
    series.folder = choice.earlier_folder or ""
    files = update(Episode).where(Episode.series_id == series.id)
    session.execute(files.values(**NO_FILE))
