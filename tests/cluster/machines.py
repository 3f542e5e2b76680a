"""True PostgreSQL, MariaDB, Redis and nginx, unprivileged, each on a free port and a temporary folder of its own.

They are fast rather than safe (no fsync), and they can fail on command: ``pause`` and ``resume`` freeze every process
of a machine, ``stop`` and ``start`` take it away and bring it back with the port and folder it had.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
import pymysql
import redis

from tests.programs import program
from tests.running import free_port, until

NOBODY = 65534  # PostgreSQL refuses root, and wants a user that the machine has
PASSWORD = "only for tests"
READY_WITHIN_S = 40.0


class Machine(ABC):
    """``start`` returns when it answers; ``stop`` may be called twice. What was stored outlives a stop, not
    ``close``.
    """

    name = ""
    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"aniworld-{self.name}-"))
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self.port = free_port()
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._made = False

    def start(self) -> Self:
        if not self._made:
            self._make()
            self._made = True
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                unprivileged(self._command()), stdout=log, stderr=log, cwd=self.folder, start_new_session=True
            )
        until(self._is_ready, READY_WITHIN_S)
        return self

    def stop(self) -> None:
        """Clients lose their connections at once."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(self.stop_signal)
        self._ended()

    def kill(self) -> None:
        """``kill -9`` of everything that belongs to it."""
        self._signal(signal.SIGKILL)
        self._ended()

    def pause(self) -> None:
        """Frozen: connections stay, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """It and its folder are gone."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make(self) -> None:  # noqa: B027 (most have nothing to do)
        """What has to be done once, before the first start."""

    @abstractmethod
    def _command(self) -> list[str]:
        """What runs it in the foreground."""

    def _answers(self) -> object:
        """Speaks to it as a client; raises where that fails."""
        with socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.name} ended: {self.log.read_text()[-3000:]}"
        try:
            self._answers()
        except (OSError, psycopg.Error, pymysql.Error):
            return False
        return True

    def _ended(self) -> None:
        assert self._process is not None
        self._process.wait(30)
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        first = psutil.Process(self._process.pid)
        first.send_signal(number)  # before its children, so that it begins no further one
        for child in first.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # one that ended by itself meanwhile
                child.send_signal(number)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(unprivileged(command), cwd=self.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


class DatabaseMachine(Machine):
    """``new_database()`` gives the address of an empty database, as a person would put it into the environment."""

    scheme = ""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def url(self, database: str) -> str:
        return f"{self.scheme}://aniworld:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        self._count += 1
        self.execute(f"CREATE DATABASE aniworld_{self._count}")
        return self.url(f"aniworld_{self._count}")

    @abstractmethod
    def drop_database(self, url: str) -> None:
        """Also while somebody is still connected."""

    @abstractmethod
    def execute(self, statement: str) -> list[Any]:
        """The rows that one statement gives, as the administrator sees them."""

    def _answers(self) -> object:
        return self.execute("SELECT 1")


class PostgreSQL(DatabaseMachine):
    name = "postgresql"
    scheme = "postgresql"
    stop_signal = signal.SIGINT  # "fast": does not wait for clients to leave

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        access = ["--username=aniworld", "--auth=scram-sha-256", f"--pwfile={secret}"]
        form = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run([_postgresql("initdb"), "-D", str(self.folder / "data"), *access, *form])

    def _command(self) -> list[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "32MB",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [_postgresql("postgres"), "-D", str(self.folder / "data"), *options]

    def drop_database(self, url: str) -> None:
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str) -> list[Any]:
        with closing(psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=2)) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []


class MariaDB(DatabaseMachine):
    name = "mariadb"
    scheme = "mysql"

    def _make(self) -> None:
        program("MariaDB")
        (self.folder / "init.sql").write_text(
            f"CREATE USER IF NOT EXISTS aniworld@'%' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO aniworld@'%';\n"
            f"CREATE USER IF NOT EXISTS plain@'%' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON `aniworld\\_%`.* TO plain@'%';\n"  # whom read_only binds, unlike an administrator
        )
        self._run(
            [
                _program("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={self.folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-log-bin",
            ]
        )

    def _command(self) -> list[str]:
        settings = {
            "datadir": self.folder / "data",
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "init-file": self.folder / "init.sql",
            "port": self.port,
            "bind-address": "127.0.0.1",
            "max-connections": 200,
            "innodb-buffer-pool-size": "48M",
            "innodb-log-file-size": "24M",
            "innodb-flush-log-at-trx-commit": 0,
            "innodb-flush-method": "nosync",
            "innodb-file-per-table": 0,
            "innodb-doublewrite": 0,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [program("MariaDB"), "--no-defaults", "--skip-name-resolve", "--skip-log-bin", *options]

    def url(self, database: str) -> str:
        """Without TLS, for which the driver would read all of the system's certificates at each connection: 0.1 s."""
        return f"{super().url(database)}?ssl_disabled=true"

    def drop_database(self, url: str) -> None:
        name = url.rpartition("/")[2].partition("?")[0]
        for (number,) in self.execute(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"):
            with suppress(pymysql.err.OperationalError):  # it left by itself meanwhile
                self.execute(f"KILL {number}")
        self.execute(f"DROP DATABASE {name}")

    def execute(self, statement: str) -> list[Any]:
        where = {"host": "127.0.0.1", "port": self.port, "user": "aniworld", "password": PASSWORD}
        patience = {"connect_timeout": 2, "read_timeout": 5, "write_timeout": 5, "ssl_disabled": True}
        connection = pymysql.connect(**where, **patience, autocommit=True)
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


class Redis(Machine):
    """Keeps nothing over a stop."""

    name = "redis"

    def url(self, number: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{number}"

    def flush(self) -> None:
        with closing(redis.Redis(port=self.port, socket_timeout=5)) as client:
            client.flushall()

    def _command(self) -> list[str]:
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        return [program("Redis"), *where, "--save", "", "--appendonly", "no", "--databases", "16"]

    def _answers(self) -> object:
        with socket.create_connection(
            ("127.0.0.1", self.port), 1
        ) as connection:  # the client would try again by itself
            connection.sendall(b"PING\r\n")
            assert connection.recv(7) == b"+PONG\r\n"
            return True


class Nginx(Machine):
    """``servers``: what stands inside of ``http { }``; ``{port}`` in it becomes this machine's port."""

    name = "nginx"

    def __init__(self, servers: str) -> None:
        super().__init__()
        self.servers = servers
        self.url = f"http://127.0.0.1:{self.port}"

    def _make(self) -> None:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        (self.folder / "nginx.conf").write_text(
            f"daemon off;\nmaster_process off;\npid {self.folder}/pid;\nevents {{ worker_connections 2048; }}\n"
            f"http {{\naccess_log off;\n{temporary}{self.servers.replace('{port}', str(self.port))}\n}}\n"
        )

    def _command(self) -> list[str]:
        return [program("nginx"), "-p", str(self.folder), "-c", f"{self.folder}/nginx.conf", "-e", "stderr"]


@contextmanager
def running(make: Callable[[], Any]) -> Iterator[Any]:
    """A machine for a ``with`` block."""
    machine = make()
    try:
        yield machine.start()
    finally:
        machine.close()


def unprivileged(command: list[str]) -> list[str]:
    """``command`` as somebody who may do nothing special; it ends with the process that starts it, however that
    dies.
    """
    person = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    return [program("setpriv"), *person, "--pdeathsig=KILL", "--", *command]


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is missing, though the package that it belongs to is installed"
    return found


def _postgresql(name: str) -> str:
    """A server program of PostgreSQL; Debian keeps them off the path, one folder a version."""
    return str(Path(program("PostgreSQL")).resolve().with_name(name))
