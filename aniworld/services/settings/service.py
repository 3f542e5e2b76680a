"""ConfigService: the settings in force, and every wish about them. Settings change only here."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from aniworld.config.environment import Environment
from aniworld.config.roots import make_root, trouble_with_link_root, trouble_with_root
from aniworld.config.schema import problems
from aniworld.config.settings import MASK, NOTIFICATION_SCHEMES, Settings, from_mapping, secrets, to_mapping
from aniworld.config.store import Backup, Overtaken, SettingsStore
from aniworld.config.upgrades import Replaced, without_dead_addresses
from aniworld.core.errors import AniworldError, Conflict, InvalidInput, NotFound
from aniworld.core.notification_templates import wordings
from aniworld.core.offload import offload, on_native_thread
from aniworld.core.sites import successor_of
from aniworld.core.validators import validate_config_data
from aniworld.services.settings.views import BackupView

log = logging.getLogger(__name__)

WHOLE_FILE = "config.json"  # among the misunderstood settings: nothing of what was stored is in force
LOOK_EVERY_S = 1.0
TRIES = 20  # to change settings that others change at the same moment
Listener = Callable[[Settings, Settings], None]
Json = dict[str, Any]


class ConfigService:
    """``current`` is what is in force: the stored settings with what the environment puts over them.

    A change by another program of this instance (the command line) is noticed within a second of asking.
    ``misunderstood``: names of stored settings whose defaults count, because what is stored makes no sense.
    ``replaced_addresses``: dead addresses of catalogues that this start replaced, in the store or over the environment.
    ``look_when_asked`` False: somebody else calls ``look``, and ``current`` never waits for the store.
    """

    def __init__(self, store: SettingsStore, environment: Environment, *, look_when_asked: bool = True) -> None:
        self._store = store
        self._environment = environment
        self._look_when_asked = look_when_asked
        self._lock = threading.RLock()
        self._listeners: tuple[Listener, ...] = ()
        self.misunderstood: tuple[str, ...] = ()
        self.replaced_addresses: tuple[Replaced, ...] = ()
        self._catalogue_url = self._alive(environment.catalogue_url)
        self._looked_at = time.monotonic()
        self._mark = store.mark()
        first_start = self._mark is None and not store.is_set_aside()
        self._stored = self._read()
        self._current = self._over(self._stored)
        if first_start and environment.library:
            self._take_library()
        if not first_start:
            self._replace_dead_addresses()

    # ── looking ─────────────────────────────────────────────────────────────

    @property
    def current(self) -> Settings:
        is_due = self._look_when_asked and time.monotonic() - self._looked_at > LOOK_EVERY_S
        if is_due and not on_native_thread():  # who hears of a change may wake greenlets
            self._looked_at = time.monotonic()
            self.look()
        return self._current

    def look(self) -> None:
        """What the store says is in force, if anybody changed it."""
        if self._store.mark() != self._mark:
            self.reload()

    @property
    def stored(self) -> Json:
        """What is kept, secrets and all, without what the environment puts over it: for backups only."""
        kept: Json = to_mapping(self._stored)
        return kept

    def masked(self) -> Json:
        """The settings in force as JSON, secrets as ``********``."""
        return _masked(to_mapping(self.current))

    def validate(self, part: Any) -> dict[str, list[str]]:
        """What is wrong with a part of the settings: {dotted field: [messages]}; changes nothing."""
        try:
            return self._problems(self._unmasked(part))
        except InvalidInput as error:
            return error.fields

    def subscribe(self, hear: Listener) -> Callable[[], None]:
        """``hear(old, new)`` after every change; what you get is the function that takes it off again."""
        self._listeners = (*self._listeners, hear)
        return lambda: setattr(self, "_listeners", tuple(known for known in self._listeners if known is not hear))

    def reload(self) -> None:
        """What the store says is in force."""
        with self._lock:
            self._mark = self._store.mark()
            self._take(self._read())

    # ── changing ────────────────────────────────────────────────────────────

    def update(self, part: Any) -> Json:
        """The new settings, masked, after a backup of the old ones. Raises InvalidInput with ``fields``."""

        def updated() -> Json | None:
            wished = self._unmasked(part)
            _refuse(self._problems(wished))
            before = to_mapping(self._stored)
            after = _merged(before, wished)
            return after if after != before or self._mark is None else None

        self._change(updated, kind="auto")
        return self.masked()

    def backups(self) -> list[BackupView]:
        """Newest first."""
        return [_view(backup) for backup in self._store.backups()]

    def backup(self, kind: str = "manual") -> BackupView:
        with self._lock, self._store.locked():
            self.look()
            return _view(self._store.backup(to_mapping(self._stored), kind))

    def restore(self, name: str) -> Json:
        """The restored settings, masked; those before are kept as a backup first. Raises NotFound, InvalidInput."""
        return self.bring_back(self._store.read_backup(name))

    def bring_back(self, settings: Json) -> Json:
        """``settings`` in the place of all there are, as ``restore`` does it with one of our own backups."""
        live, _ = without_dead_addresses(_merged(to_mapping(Settings()), self._checked(settings)))
        self._change(lambda: live, kind="before-restore")
        return self.masked()

    def read_backup(self, name: str) -> Json:
        """What a backup says, secrets masked: it is made to leave the process. Raises NotFound, InvalidInput."""
        return _masked(self._checked(self._store.read_backup(name)))

    def backup_content(self, name: str) -> bytes:
        """A backup as JSON, secrets and all: for the owner on this machine only. Raises NotFound."""
        return self._store.backup_content(name)

    def delete_backup(self, name: str) -> None:
        """Raises NotFound."""
        self._store.delete_backup(name)

    # ── inside ──────────────────────────────────────────────────────────────

    def _change(self, wished: Callable[[], Json | None], kind: str | None) -> None:
        """Makes ``wished()`` the settings, on top of what the store says now; None: it stays as it is.

        The settings before are kept as a backup of ``kind``, unless that is None. Raises what ``wished`` raises.
        """
        for _ in range(TRIES):
            with self._lock, self._store.locked():
                self.look()
                after = wished()
                if after is None:
                    return
                try:
                    self._apply(after, kind)
                    return
                except Overtaken:
                    log.info(
                        "The settings were changed by another process at the same moment; once more on top of that"
                    )
        raise Conflict("The settings are being changed by others all the time; try again in a moment.")

    def _take_library(self) -> None:
        try:
            self._change(self._with_library, kind=None)
        except InvalidInput as error:
            why = next(iter(error.fields.get("library.root", ())), str(error))
            raise InvalidInput(
                f"ANIWORLD_LIBRARY={self._environment.library} cannot be the library: {why}", error.fields
            ) from error

    def _with_library(self) -> Json | None:
        """The very first settings, with the library that the environment names."""
        if self._mark is not None:  # another process was quicker, with the same environment
            return None
        return _merged(to_mapping(self._stored), {"library": {"root": self._environment.library}})

    def _replace_dead_addresses(self) -> None:
        """Settings of an earlier version, without catalogue addresses that are dead since; those before are kept.

        Where they cannot be written, or hold something that their owner has to correct, they count for this run only.
        """
        live, replaced = without_dead_addresses(to_mapping(self._stored))
        if not replaced:
            return
        try:
            if not self.misunderstood:
                self._change(lambda: without_dead_addresses(to_mapping(self._stored))[0], kind="auto")
        except (OSError, AniworldError) as error:
            log.warning("The settings could not be written: %s", error)
        if without_dead_addresses(to_mapping(self._stored))[1]:
            self._take(from_mapping(Settings, live))
        self.replaced_addresses = (*self.replaced_addresses, *replaced)
        told = ", ".join(f"{one.old} by {one.new}" for one in replaced)
        log.warning(
            "Addresses in the settings that no longer resolve were replaced: %s. The earlier settings are kept.", told
        )

    def _alive(self, address: str) -> str:
        """The environment's address of the catalogue, or its successor where it is dead."""
        new = successor_of(address) if address else None
        if new is None:
            return address
        log.warning("ANIWORLD_CATALOGUE_URL names %s, which no longer resolves; %s is used instead.", address, new)
        self.replaced_addresses = (Replaced(address, new),)
        return new

    def _read(self) -> Settings:
        """The stored settings. A single value that is not understood falls back to its default, and the file is
        kept.
        """
        data = self._store.load()
        wrong = {} if data is None else problems(data)
        self.misunderstood = tuple(wrong)
        if data is None:
            self.misunderstood = (WHOLE_FILE,) if self._store.is_set_aside() else ()
            return Settings()
        if wrong:
            self._keep_copy(data, wrong)
            data = _without(data, wrong)
        return from_mapping(Settings, data)

    def _keep_copy(self, data: Json, wrong: Mapping[str, list[str]]) -> None:
        kept = self._copy_of(data) or self._store.backup(data, "auto").name
        for name, messages in wrong.items():
            log.error(
                "Setting %s is not understood (%s); its default is in force. The file as it was is kept as %s.",
                name,
                " ".join(messages),
                kept,
            )

    def _copy_of(self, data: Json) -> str | None:
        """The newest automatic backup, if it says the same: many starts with one mistake need one copy of it."""
        newest = next((one.name for one in self._store.backups() if one.kind == "auto"), None)
        with suppress(NotFound, InvalidInput):
            return newest if newest and self._store.read_backup(newest) == data else None
        return None

    def _checked(self, data: Json) -> Json:
        _refuse(problems(data))
        return data

    def _apply(self, data: Json, kind: str | None) -> None:
        settings: Settings = from_mapping(Settings, data)
        root = settings.library.root
        if root and root != self._stored.library.root:
            _refuse(self._root_problem(root))
            settings = replace(settings, library=replace(settings.library, root=_made(root)))
        _refuse(self._link_problem(settings.library.link_roots))
        expanded = tuple(str(Path(one).expanduser()) for one in settings.library.link_roots)
        settings = replace(settings, library=replace(settings.library, link_roots=expanded))
        kept = None if kind is None else (to_mapping(self._stored), kind)
        self._mark = self._store.exchange(self._mark, to_mapping(settings), kept)
        self.misunderstood = ()
        self._take(settings)

    def _take(self, stored: Settings) -> None:
        old, self._stored, self._current = self._current, stored, self._over(stored)
        if old == self._current:
            return
        for hear in self._listeners:
            try:
                hear(old, self._current)
            except Exception:  # the wall: a listener that fails must not keep the settings from the others
                log.exception("A listener failed on new settings")

    def _over(self, stored: Settings) -> Settings:
        if not self._catalogue_url:
            return stored
        return replace(stored, catalogue=replace(stored.catalogue, base_url=self._catalogue_url))

    def _problems(self, part: Any) -> dict[str, list[str]]:
        found = problems(part)
        if found:
            return found
        root = part.get("library", {}).get("root", "")
        if root and root != self._stored.library.root:
            found |= self._root_problem(root)
        found |= self._link_problem(part.get("library", {}).get("link_roots", ()))
        return found | _notification_problems(part.get("notifications", {}))

    def _root_problem(self, root: str) -> dict[str, list[str]]:
        trouble = offload(trouble_with_root, root, self._environment.instance)
        return {"library.root": [trouble]} if trouble else {}

    def _link_problem(self, links: Sequence[str]) -> dict[str, list[str]]:
        """What is wrong with folders that links may lead to; those that were taken before may be away for now."""
        for one in links:
            known = one in self._stored.library.link_roots
            trouble = None if known else offload(trouble_with_link_root, one, self._environment.instance)
            if trouble:
                return {"library.link_roots": [f"{one}: {trouble}"]}
        return {}

    def _unmasked(self, part: Any) -> Any:
        """``part`` where a mask that was sent back, and the environment's address, give way to what is stored."""
        if not isinstance(part, Mapping):
            return part
        part = validate_config_data(part)
        stored = to_mapping(self._stored)
        part = {name: dict(value) if isinstance(value, Mapping) else value for name, value in part.items()}
        for section, name in secrets():
            if isinstance(part.get(section), dict) and name in part[section]:
                part[section][name] = _unmask(part[section][name], stored[section][name])
        catalogue = part.get("catalogue")
        if isinstance(catalogue, dict) and catalogue.get("base_url") == (self._catalogue_url or None):
            catalogue["base_url"] = stored["catalogue"]["base_url"]
        return part


def _refuse(found: Mapping[str, list[str]]) -> None:
    if found:
        name, messages = next(iter(found.items()))
        raise InvalidInput(f"These settings are not taken. {name}: {messages[0]}", found)


def _made(root: str) -> str:
    try:
        offload(make_root, root)
    except OSError as error:
        message = f"The folder cannot be made ({error.strerror}); choose another or make it yourself."
        raise InvalidInput(message, {"library.root": [message]}) from error
    return str(Path(root).expanduser())


def _merged(whole: Json, part: Mapping[str, Any]) -> Json:
    return {section: {**values, **part.get(section, {})} for section, values in whole.items()}


def _without(data: Json, wrong: Mapping[str, list[str]]) -> Json:
    bad = {tuple(name.split(".")[:2]) for name in wrong}
    whole = {name for name, *inner in bad if not inner}
    return {
        section: {name: value for name, value in values.items() if (section, name) not in bad}
        for section, values in data.items()
        if section not in whole and isinstance(values, Mapping)
    }


def _masked(data: Json) -> Json:
    data = {section: dict(values) for section, values in data.items()}
    for section, name in secrets():
        if name in data.get(section, {}):
            data[section][name] = _mask(data[section][name])
    return data


def _mask(value: Any) -> Any:
    if isinstance(value, list):
        return [MASK] * len(value)
    return MASK if value else value


def _unmask(sent: Any, stored: Any) -> Any:
    if sent == MASK:
        return stored
    if not isinstance(sent, list) or MASK not in sent:
        return sent
    if sent.count(MASK) != len(stored):
        message = "Send all hidden entries back as they came, with new ones beside them, or state all of them anew."
        raise InvalidInput(message, {"notifications.urls": [message]})
    kept = iter(stored)
    return [next(kept) if entry == MASK else entry for entry in sent]


def _notification_problems(part: Mapping[str, Any]) -> dict[str, list[str]]:
    found = {
        f"notifications.urls.{place}": [f"Must begin with one of: {', '.join(NOTIFICATION_SCHEMES)}."]
        for place, url in enumerate(part.get("urls", ()))
        if url.partition("://")[0].lower() not in NOTIFICATION_SCHEMES or "://" not in url
    }
    try:
        wordings(part.get("wordings", ()))
    except InvalidInput as error:
        found |= error.fields
    return found


def _view(backup: Backup) -> BackupView:
    return BackupView(backup.name, backup.created_at, backup.size_bytes, backup.kind)
