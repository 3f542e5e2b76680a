"""An engine for a database's address, with the same manners on SQLite, PostgreSQL and MariaDB.

Whatever the network and the server do, nobody waits for an answer longer than ``ANSWER_WAIT_S``: the servers are told
to give up by then, and a connection on which nothing came is closed. A driver is loaded only when its database is used.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import Pool

from aniworld.core.errors import InvalidInput

CONNECT_WAIT_S = 5
ANSWER_WAIT_S = 10
POOL_WAIT_S = 5
POOL_SIZE, POOL_OVERFLOW = 10, 20  # a process; twenty greenlets that ask at once are many

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
_LET_BOTH_TRY_AGAIN = {"40001", "40P01", 1205, 1213}  # serialization and deadlock; lock wait and deadlock


def address_of(text: str) -> URL:
    """The address with the driver that this program brings, whatever way it is written. Raises InvalidInput."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise InvalidInput(
            "ANIWORLD_DATABASE_URL is no database address; write postgresql://user:password@host/name."
        ) from None
    if url.drivername not in _DRIVERS:
        raise InvalidInput(
            f"ANIWORLD_DATABASE_URL names {url.drivername!r}; this program knows sqlite, postgresql, mysql and mariadb."
        )
    url = url.set(drivername=_DRIVERS[url.drivername])
    return url.update_query_dict({"charset": "utf8mb4"}) if url.get_backend_name() == "mysql" else url


def engine_at(
    address: str | URL, *, pool: type[Pool] | None = None, answer_wait_s: int = ANSWER_WAIT_S, **more: Any
) -> Engine:
    """An engine that has not connected yet. ``pool``: another than the usual one. Raises InvalidInput.

    ``answer_wait_s``: how long one statement may take; migrations of large tables need more than requests.
    """
    url = address if isinstance(address, URL) else address_of(address)
    engine = create_engine(url, **engine_options(url, pool=pool, answer_wait_s=answer_wait_s), **more)
    on_connecting(engine, answer_wait_s)
    return engine


def engine_options(url: URL, *, pool: type[Pool] | None = None, answer_wait_s: int = ANSWER_WAIT_S) -> dict[str, Any]:
    """What ``create_engine`` is called with for ``url``; ``on_connecting`` adds what an option cannot say."""
    sizes: dict[str, Any]
    hidden = {"hide_parameters": True}  # what is written is nobody's business in a log
    if url.get_backend_name() == "sqlite":
        from aniworld.models.sqlite import (
            SideCommits,  # the driver: a server on another database does without its weight
        )

        arguments = {"factory": SideCommits, "check_same_thread": False}
        sizes = {"poolclass": pool} if pool else {"pool_size": 10, "max_overflow": 40}
        return {"connect_args": arguments, **sizes, **hidden}
    sizes = {"pool_size": POOL_SIZE, "max_overflow": POOL_OVERFLOW, "pool_timeout": POOL_WAIT_S}
    options = {"isolation_level": "READ COMMITTED", **({"poolclass": pool} if pool else sizes), **hidden}
    by_kind = _mysql_arguments if url.get_backend_name() == "mysql" else _postgresql_arguments
    return {"connect_args": by_kind(answer_wait_s), "pool_pre_ping": True, **options}


def on_connecting(engine: Engine, answer_wait_s: int = ANSWER_WAIT_S) -> None:
    """Makes a PostgreSQL connection one that is closed when no answer comes; the other drivers have an option."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "do_connect", partial(_connect_to_postgresql, answer_wait_s))


def in_each_others_way(error: DBAPIError) -> bool:
    """Whether two transactions waited for each other and the database ended this one: doing it again is the answer."""
    state = getattr(error.orig, "sqlstate", None)
    number = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return bool(_LET_BOTH_TRY_AGAIN & {state, number if isinstance(number, int) else None})


def _lock_wait_s(answer_wait_s: int) -> int:
    """A little less, so that the server names the lock where it is one that everybody waits for."""
    return answer_wait_s * 4 // 5


def _idle_s(answer_wait_s: int) -> int:
    """How long a transaction may stand still: one of a frozen process must not keep its locks from all the others."""
    return answer_wait_s * 3


def _postgresql_arguments(answer_wait_s: int) -> dict[str, Any]:
    settings = {
        "statement_timeout": answer_wait_s * 1000,
        "lock_timeout": _lock_wait_s(answer_wait_s) * 1000,
        "idle_in_transaction_session_timeout": _idle_s(answer_wait_s) * 1000,
        "timezone": "UTC",
    }
    alive = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    return {
        "connect_timeout": CONNECT_WAIT_S,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        "application_name": "aniworld",
        **alive,
    }


def _connect_to_postgresql(
    answer_wait_s: int, dialect: Any, record: Any, arguments: list[Any], named: dict[str, Any]
) -> Any:
    from aniworld.models.postgresql import (  # the driver: a server on SQLite does without its weight
        SLACK_S,
        PatientConnection,
    )

    connection = PatientConnection.connect(*arguments, **named)
    connection.patience_s = answer_wait_s + SLACK_S
    return connection


def _mysql_arguments(answer_wait_s: int) -> dict[str, Any]:
    settings = (
        # MariaDB's own
        f"/*M! max_statement_time={answer_wait_s}, idle_transaction_timeout={_idle_s(answer_wait_s)}, */"
        f" innodb_lock_wait_timeout={_lock_wait_s(answer_wait_s)}, time_zone='+00:00',"
        " sql_mode='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
    )
    return {
        "connect_timeout": CONNECT_WAIT_S,
        "read_timeout": answer_wait_s + 2,
        "write_timeout": answer_wait_s + 2,
        "init_command": f"SET SESSION {settings}",
    }
