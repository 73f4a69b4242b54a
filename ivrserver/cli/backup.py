"""Commands that make a backup of everything, and put one back."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import backup as backups
from ivrserver.cli.base import Context, warn
from ivrserver.cli.stored import with_database
from ivrserver.config import Settings
from ivrserver.errors import BackupError

_STREAM: Final = Path("-")
_PRIVATE: Final = 0o600
_FILE: Final = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--files/--no-files",
    "files",
    default=None,
    help="put the store's files into it, or not [default: those of a folder]",
)
@click.option("--force", is_flag=True, help="replace FILE if it exists")
@click.pass_obj
def backup(context: Context, file: Path, files: bool | None, *, force: bool) -> None:
    """Write everything that is kept to FILE, `-` for the output, while calls go on.

    Answers and recordings are in it, passwords and keys of the settings are not.
    """
    settings = context.settings()
    with_store = not settings.store.bucket if files is None else files
    with _written(file, force=force) as opened:

        async def work(engine: AsyncEngine) -> backups.Manifest:
            return await backups.make(settings, engine, opened, warn, with_store=with_store)

        manifest = with_database(settings, work)
    for line in _told(manifest):
        warn(line)
    if name := settings.store.encrypt_with:
        warn(f"key       {name} of store.keys: without it nobody can read the backup")
    else:
        warn("key       none: whoever has the backup can read what callers said and pressed")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--check", is_flag=True, help="only say whether FILE is whole, and what is in it")
@click.option("--force", is_flag=True, help="delete what is in the database")
@click.pass_obj
def restore(context: Context, file: Path, *, check: bool, force: bool) -> None:
    """Put back what `ivrserver backup` has written to FILE, `-` for the input.

    Stop every controller first. All of it is checked before anything is changed.
    """
    settings = context.settings()
    with _readable(file, settings) as path:
        if check:
            manifest = backups.read(path, keys=backups.keys_of(settings.store))
        else:

            async def work(engine: AsyncEngine) -> backups.Manifest:
                return await backups.restore(settings, engine, path, warn, force=force)

            manifest = with_database(settings, work)
    for line in _told(manifest):
        click.echo(line)
    click.echo("the backup is whole" if check else "restored")


def _told(manifest: backups.Manifest) -> Iterator[str]:
    yield f"made      {manifest.made_at} by version {manifest.version}"
    yield f"schema    {manifest.schema}, of {manifest.database}"
    rows = manifest.rows
    yield f"rows      {sum(rows.values()):,}, of {rows['calls']:,} calls, {rows['blocks']:,} blocks"
    left = "" if manifest.with_store else f", none of the store {manifest.store}"
    yield f"files     {manifest.files:,}{left}"


@contextmanager
def _written(file: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """``with``: what becomes `file` at the end of the block, whole or not at all."""
    if file == _STREAM:
        yield sys.stdout.buffer
        return
    if file.exists() and not force:
        raise BackupError(f"{file} exists: choose another name, or say --force")
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        raise BackupError(f"cannot write {file}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _readable(file: Path, settings: Settings) -> Iterator[Path]:
    """``with``: a file that can be read as often as one likes."""
    if file != _STREAM:
        yield file
        return
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=settings.data, prefix="restore-") as folder:
            path = Path(folder) / "input"
            with path.open("xb") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
            yield path
    except OSError as error:
        raise BackupError(f"cannot keep the input in {settings.data}: {error.strerror}") from error
