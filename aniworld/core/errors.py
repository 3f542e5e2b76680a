"""One tree of everything that can go wrong on purpose. Each message is one sentence a person understands.

AniworldError                 code "error"
├── InvalidInput              the wish itself is wrong; ``fields`` = {field: [messages]}
├── NotFound                  there is no such thing here
├── Conflict                  it cannot be now, because of what is already there
│   ├── KeyConflict           two slugs collapse to one key
│   ├── AlreadyRunning        one at a time; another server or scan runs
│   └── Renumbered            the catalogue renumbered a season, and nobody has decided yet
├── SignInError
│   ├── NotSignedIn           no, or an ended, session
│   ├── WrongPassword
│   │   └── WrongCode         of the second factor, or used before
│   ├── TotpRequired          the password is right; a code of the second factor is needed too
│   └── Forbidden             signed in, but this may not be
├── SourceError               fetching from catalogue or hoster
│   ├── NothingThere          it does not exist there: final
│   ├── LinkDead              this link is gone: try the next hoster
│   ├── SiteUnreachable       network or server fault: wait, try again
│   ├── CatalogueBlocked      the site asks for a browser check: the whole source rests
│   ├── PageChanged           something was looked for on the page and not found
│   ├── HosterUnsupported     the hoster hides its media or uses DRM: try the next
│   ├── AddressRefused        the address is private, or no http(s): never fetched
│   └── TooLarge              a page larger than any honest one
├── TransferError             moving and checking the bytes
│   ├── MediaExpired          the media address is used up: resolve again, go on
│   ├── TransferFailed        network or server fault in the middle: try again
│   ├── Stalled               no progress for too long: next hoster
│   ├── WrongMedia            what came is not what was announced: next hoster
│   ├── ChildDied             the transfer process ended by itself; the message says why
│   └── Cancelled             it was asked to stop: no failure
├── StorageError              the disk's side
│   ├── DiskFull              the queue pauses until there is room
│   ├── LibraryUnavailable    the root is missing, read-only or vanished
│   └── UnsafePath            a path that would leave its root
└── Unavailable               a service that this one needs does not answer; try again
    └── DatabaseAway          the database does not answer
        ├── DatabaseReadOnly  it accepts no writes
        ├── DatabaseFull      its disk is full
        └── DatabaseDamaged   its file is not readable as a database
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class AniworldError(Exception):
    """Base of all expected errors. ``str(error)`` is fit to be shown; ``code`` is for programs."""

    code = "error"


class InvalidInput(AniworldError, ValueError):
    code = "invalid_input"

    def __init__(self, message: str, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.fields = {name: list(messages) for name, messages in (fields or {}).items()}


class NotFound(AniworldError):
    code = "not_found"


class Conflict(AniworldError):
    code = "conflict"


class KeyConflict(Conflict):
    code = "key_conflict"


class AlreadyRunning(Conflict):
    code = "already_running"


class Renumbered(Conflict):
    """An item of such a season waits; ``retry_after``: seconds until it asks again."""

    code = "renumbered"
    retry_after = 600.0


class SignInError(AniworldError):
    code = "sign_in"


class NotSignedIn(SignInError):
    code = "not_signed_in"


class WrongPassword(SignInError):
    code = "wrong_password"


class WrongCode(WrongPassword):
    code = "wrong_code"


class TotpRequired(SignInError):
    code = "totp_required"


class Forbidden(SignInError):
    code = "forbidden"


class SourceError(AniworldError):
    """``retry_after``: seconds that the other side asked to wait, where it did."""

    code = "source"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NothingThere(SourceError):
    code = "nothing_there"


class LinkDead(SourceError):
    code = "link_dead"


class SiteUnreachable(SourceError):
    code = "site_unreachable"


class CatalogueBlocked(SourceError):
    code = "catalogue_blocked"


class PageChanged(SourceError):
    code = "page_changed"


class HosterUnsupported(SourceError):
    code = "hoster_unsupported"


class AddressRefused(SourceError):
    code = "address_refused"


class TooLarge(SourceError):
    code = "too_large"


class TransferError(AniworldError):
    code = "transfer"


class MediaExpired(TransferError):
    code = "media_expired"


class TransferFailed(TransferError):
    code = "transfer_failed"


class Stalled(TransferError):
    code = "stalled"


class WrongMedia(TransferError):
    code = "wrong_media"


class ChildDied(TransferError):
    code = "child_died"


class Cancelled(TransferError):
    code = "cancelled"


class StorageError(AniworldError):
    code = "storage"


class DiskFull(StorageError):
    code = "disk_full"


class LibraryUnavailable(StorageError):
    code = "library_unavailable"


class UnsafePath(StorageError):
    code = "unsafe_path"


class Unavailable(AniworldError):
    code = "unavailable"


class DatabaseAway(Unavailable):
    code = "database"


class DatabaseReadOnly(DatabaseAway):
    """It accepts no writes."""


class DatabaseFull(DatabaseAway):
    """Its disk is full."""


class DatabaseDamaged(DatabaseAway):
    """It cannot be read as a database of this program."""


def by_code(code: str) -> type[AniworldError]:
    """The class for a code that came over a process border; AniworldError for an unknown one."""
    waiting = [AniworldError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return kind
        waiting.extend(kind.__subclasses__())
    return AniworldError
