"""The composition root: each service built once and handed what it needs. Builds and wires; starts nothing.

The only file that may import everything.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from aniworld import __version__
from aniworld.config.environment import Environment
from aniworld.config.instance import database_errors, make_instance
from aniworld.config.settings import Settings
from aniworld.config.store import ConfigStore
from aniworld.core.addresses import AddressRule
from aniworld.core.errors import DatabaseAway, Unavailable
from aniworld.core.event_publisher import ProgressService
from aniworld.core.events import Event, EventBus, SeriesUpdated
from aniworld.library.files.space_reservation import FreeSpace
from aniworld.models import Database
from aniworld.models.database_file import check_before_opening
from aniworld.models.db import bind
from aniworld.models.upgrade import bring_up_to_date, init_migrations, revision_of
from aniworld.providers.cooldown import RestingSources
from aniworld.providers.fetch.client import Gate
from aniworld.providers.registry import Registry, is_open, settings_for
from aniworld.services.access.audit_log import AuditService
from aniworld.services.access.service import RECALL_S, AuthService
from aniworld.services.background import EXTRA, build_automation
from aniworld.services.backup.service import BackupService, quiet_while
from aniworld.services.cluster.leases import process_name
from aniworld.services.container import Services
from aniworld.services.file_management.recycle_service import RecyclingService
from aniworld.services.file_management.rename_jobs import RenamingRuns
from aniworld.services.file_management.rename_service import RenamingService
from aniworld.services.file_management.sidecars import BesideService
from aniworld.services.health.checks_backup import backup as backup_age
from aniworld.services.health.checks_notifications import catalogue_address_by, catalogue_pages_by, notifications_by
from aniworld.services.health.instance_age import doubt_about
from aniworld.services.health.log_files import set_up_logging
from aniworld.services.health.parsers import ParserCheck
from aniworld.services.health.system import SystemService
from aniworld.services.library_import.legacy import DataMigrationService
from aniworld.services.queue.link_resolver import Resolver
from aniworld.services.queue.retry_now import WakingService
from aniworld.services.queue.service import DownloadService
from aniworld.services.scan.folder_matches import FolderChoiceService
from aniworld.services.scan.service import ScanService
from aniworld.services.series.renumbering import RenumberingService
from aniworld.services.series.service import AnimeService
from aniworld.services.settings.service import WHOLE_FILE, ConfigService

if TYPE_CHECKING:
    from aniworld.services.process_sync import Cluster, Shared
    from aniworld.workers.runtime import Runtime

log = logging.getLogger(__name__)

USER_AGENT = f"Aniworld/{__version__} (self-hosted anime library)"


def build_services(environment: Environment | None = None, app: Flask | None = None) -> Services:
    """Everything below the web, ready for a server, the command line or a test. The database is at its newest revision.

    ``app``: the application to bind the database to; None for a bare one.

    Raises InvalidInput for an environment that is not understood, Unavailable for a database that does not fit.
    """
    environment = environment or Environment.read()
    make_instance(environment.instance)
    database = _database(environment, app)
    shared = _shared(environment, database)
    config = shared.config(environment) if shared else ConfigService(ConfigStore(environment.instance), environment)
    bus = EventBus()
    progress = ProgressService(bus)
    gate = _gate(environment, config)
    rest = RestingSources(file=environment.instance / "rests.json")
    registry = Registry(gate, rest=rest, **_sites(config))
    downloads = DownloadService(
        database,
        lambda: config.current,
        progress,
        disk_free=FreeSpace(lambda: config.current.library.root),
        site_of=lambda source: registry.named(source).site,
        lease_s=environment.lease_s,
    )
    recycling = RecyclingService(database, lambda: config.current, progress)
    anime = AnimeService(
        database=database,
        registry=registry,
        progress=progress,
        covers=environment.instance / "covers",
        settings=lambda: config.current,
        rest=rest,
        spawn=spawn,
        undo_removal=recycling.undo_removal,
        read_folder=lambda key: scan.read_folder(key),
        wake_queue=downloads.changes.ring,
    )
    name = shared.name if shared else process_name()
    scan = ScanService(
        database,
        lambda: config.current,
        progress,
        spawn,
        refresher=anime.refresh_now,
        process=name,
        hold=downloads.hold,
    )
    audit = AuditService(database, days=lambda: config.current.logging.audit_days)
    auth = AuthService(database, environment, spawn=spawn, audit=audit, recall_s=0.0 if shared else RECALL_S)
    renaming = RenamingService(
        database, lambda: config.current, progress, busy=lambda: scan.status().status == "running"
    )
    system = SystemService(database, config, environment, rest, clock_offset=lambda: gate.clock_offset_s)
    automation = build_automation(
        database=database,
        bus=bus,
        registry=registry,
        anime=anime,
        downloads=downloads,
        progress=progress,
        settings=lambda: config.current,
        private_hosts=environment.private_hosts,
        user_agent=USER_AGENT,
        spawn=spawn,
        audit=audit,
        checks=system.checks,
        lease=shared.lease("tracking") if shared else None,
    )
    parsers = ParserCheck()
    system.health.add(backup_age)
    system.health.add(parsers.check)
    system.health.add(notifications_by(lambda: automation.notifications.trouble))
    system.health.add(catalogue_address_by(lambda: config.replaced_addresses))
    system.health.add(catalogue_pages_by(registry.notes))
    waking = WakingService(rest, downloads)
    services = Services(
        environment=environment,
        database=database,
        bus=bus,
        config=config,
        auth=auth,
        audit=audit,
        progress=progress,
        anime=anime,
        scan=scan,
        folders=FolderChoiceService(database, scan),
        downloads=downloads,
        renumbering=RenumberingService(database, progress, downloads.changes.ring),
        system=system,
        parsers=parsers,
        waking=waking,
        resolver=Resolver(database, registry, anime.read_once),
        rest=rest,
        registry=registry,
        legacy=DataMigrationService(database),
        beside=BesideService(
            database,
            lambda: config.current,
            lambda key: (anime.cover(key) or (None,))[0],
            anime.fetched_covers.fetch,
            spawn,
        ),
        recycling=recycling,
        renaming=renaming,
        renamings=RenamingRuns(database, renaming, progress, spawn),
        backups=BackupService(
            environment, lambda: config.current, quiet_while(downloads, lambda: _is_busy(services)), spawn
        ),
        extras={EXTRA: automation},
        cluster=_cluster(shared, bus=bus, config=config, auth=auth, downloads=downloads, scan=scan, waking=waking),
        stops=(gate.close, *((shared.messages.stop,) if shared else ())),
    )
    bus.subscribe(partial(_drop_what_left, downloads))
    config.subscribe(lambda old, new: system.health.expire())
    config.subscribe(lambda old, new: downloads.trim_history() if _shorter_history(old, new) else None)
    config.subscribe(lambda old, new: gate.configure(**_gate_settings(config)))
    config.subscribe(lambda old, new: registry.configure(**_sites(config)) if old.catalogue != new.catalogue else None)
    return services


def _shorter_history(old: Settings, new: Settings) -> bool:
    return new.download.history_limit < old.download.history_limit


def _shared(environment: Environment, database: Database) -> Shared | None:
    if not environment.redis_url:
        return None
    from aniworld.services.process_sync import Shared  # Redis' library: a server alone does without

    return Shared.among_others(environment, database)


def _cluster(shared: Shared | None, **services: Any) -> Cluster | None:
    if shared is None:
        return None
    from aniworld.services.process_sync import Cluster

    return Cluster(shared, **services)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application, wired but not working yet: ``start_workers`` sets downloads and housekeeping going.

    ``config``: Flask settings; ``ANIWORLD_…`` names in it go over the environment, e.g. ``{"ANIWORLD_INSTANCE":
    path}``.
    """
    from aniworld.web.setup import init_web  # the command line builds services without the weight of the web

    settings = dict(config or {})
    environment = _environment(settings)
    app = _bare_app(environment, settings)
    init_migrations(app)
    services = build_services(environment, app)
    if services.cluster:
        services.cluster.check_secret()
    set_up_logging(environment.instance / "logs", services.config.current.logging)
    services.config.subscribe(lambda old, new: set_up_logging(environment.instance / "logs", new.logging))
    _log_doubts(services)
    init_web(app, services)
    return app


def create_migration_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application for ``flask db``: bound to the database, whatever revision that has, and nothing more."""
    settings = dict(config or {})
    environment = _environment(settings)
    make_instance(environment.instance)
    app = _bare_app(environment, settings)
    init_migrations(app)
    _open_database(environment, app)
    return app


def _bare_app(environment: Environment, settings: Mapping[str, Any]) -> Flask:
    app = Flask("aniworld", instance_path=str(environment.instance.absolute()), static_folder=None)
    app.config.update({name: value for name, value in settings.items() if not name.startswith("ANIWORLD_")})
    return app


def start_workers(app: Flask) -> Runtime:
    """Sets the application working in this process; it stops with the process, or by ``stop()``.

    Raises AlreadyRunning when another server has the instance folder.
    """
    from aniworld.workers.runtime import Runtime  # a process that only looks needs no workers

    services: Services = app.extensions["aniworld"]
    runtime = Runtime(services, services.environment.instance)
    runtime.start()
    app.extensions["aniworld.runtime"] = runtime
    atexit.register(runtime.stop)
    gc.freeze()  # see docs/decisions/0122
    return runtime


def spawn(work: Callable[[], None]) -> None:
    """Begins ``work`` beside everything else: in a greenlet under gevent, else in a thread that ends with the
    process.
    """
    import threading  # patched by then, where it is to be

    threading.Thread(target=work, daemon=True).start()


def _is_busy(services: Services) -> bool:
    """Whether a scan, or a look for new episodes, runs."""
    return services.scan.status().status == "running" or services.extras[EXTRA].tracking.status().running


def _drop_what_left(downloads: DownloadService, event: Event) -> None:
    """Takes the items of a series that has just left the library out of the queue."""
    if isinstance(event, SeriesUpdated) and event.removed:
        downloads.drop_series(event.key)


def _log_doubts(services: Services) -> None:
    """What was found before there was a log file to write it into."""
    if services.database.doubt is not None:
        log.error("%s", services.database.doubt)
    _log_misunderstood(services.config.misunderstood)


def _environment(settings: Mapping[str, Any]) -> Environment:
    named = {name: str(value) for name, value in settings.items() if name.startswith("ANIWORLD_")}
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    try:
        return Environment.read()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _log_misunderstood(settings: Sequence[str]) -> None:
    if list(settings) == [WHOLE_FILE]:
        log.error(
            "config.json was not readable; it was put aside, and the default settings are in force. Restore a backup of"
            " the settings, or fix the file config.json.broken-… and put it back while the server is stopped."
        )
    elif settings:
        log.error("These settings are not understood, and their defaults count: %s.", ", ".join(settings))


def _database(environment: Environment, app: Flask | None) -> Database:
    database = _open_database(environment, app or _bare_app(environment, {}))
    embedded = database.engine.dialect.name == "sqlite"
    try:
        is_new = revision_of(database) is None
        bring_up_to_date(database, environment.instance / "backups")
    except (OperationalError, DatabaseAway) as error:
        where = database.engine.url.render_as_string(hide_password=True)
        cause = error.orig if isinstance(error, OperationalError) else error.__cause__
        advice = f" {error}" if isinstance(error, DatabaseAway) and embedded else ""
        raise Unavailable(f"The database {where} cannot be used: {cause or error}.{advice}") from error
    database.doubt = doubt_about(database, environment.instance, is_new=is_new)
    return database


def _open_database(environment: Environment, app: Flask) -> Database:
    """The database of ``app``, whatever revision it has. A SQLite file is one that only its owner reads."""
    url = environment.sqlalchemy_url
    if url.startswith("sqlite") and (path := make_url(url).database):
        with database_errors(Path(path)):
            check_before_opening(Path(path))
            Path(path).touch(mode=0o600)  # SQLite gives its other files the mode of this one
            Path(path).chmod(0o600)
    return Database.of(bind(url, app))


def _gate(environment: Environment, config: ConfigService) -> Gate:
    return Gate(rule=AddressRule.of(environment.private_hosts), user_agent=USER_AGENT, **_gate_settings(config))


def _gate_settings(config: ConfigService) -> dict[str, Any]:
    catalogue = config.current.catalogue
    return {"requests_per_second": catalogue.requests_per_second, "timeout_s": catalogue.timeout_s}


def _sites(config: ConfigService) -> dict[str, Any]:
    """Where each site is reached, for the registry."""
    said = config.current.catalogue
    otherwise = settings_for(said.base_url, said.mirrors, "2") if is_open(said.base_url, said.engine) else None
    return {"settings": settings_for(said.base_url, said.mirrors, said.engine), "otherwise": otherwise}
