"""Files in a folder or in an S3-compatible store. The only place that knows obstore.

A name consists of parts with slashes between. A file is there whole or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from ivrserver.config import StoreSettings
from ivrserver.errors import NotInStore, SetupError, StoreError

_RETRIES: Final = 2
"""Within one request; whoever asks tries again later, and longer."""
_LONGEST_REASON: Final = 300
_PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Listed:
    """One file in the store: its name, its size there in bytes, and when it was put there."""

    key: str
    size: int
    at: datetime


class Objects:
    """The files. Every method raises `StoreError` when the store cannot be used.

    Args:
        settings: say where.
        data: the data folder.

    Raises:
        SetupError: the store's folder cannot be made.
    """

    def __init__(self, settings: StoreSettings, data: Path) -> None:
        self._folder: Path | None = None
        self._s3: S3Store | None = None
        self._store: LocalStore | S3Store
        if settings.bucket:
            self._store = self._s3 = _s3(settings)
            self.shown = f"s3://{settings.bucket}/{settings.prefix}".rstrip("/")
        else:
            self._folder = settings.folder or data / "store"
            self._store = LocalStore(_made(self._folder), automatic_cleanup=True)
            self.shown = str(self._folder)

    async def put(self, key: str, path: Path, media_type: str) -> None:
        """Put the file at `path` there, in place of what has that name; it is on the disk then."""
        about: dict[str, Any] = {"attributes": {"Content-Type": media_type}} if self._s3 else {}
        with self._explained("cannot store"):
            await obstore.put_async(self._store, key, path, **about)
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder / key)

    async def put_bytes(self, key: str, content: bytes) -> None:
        """Put a few bytes there."""
        with self._explained("cannot store"):
            await obstore.put_async(self._store, key, content)

    async def read(self, key: str, start: int, stop: int) -> tuple[bytes, int]:
        """The bytes from `start` up to `stop`, or to the end, and the size of the whole.

        Raises:
            NotInStore: there is no such file.
        """
        with self._explained(f"cannot read {key}"):
            found = await obstore.get_async(self._store, key, options={"range": (start, stop)})
            return bytes(await found.bytes_async()), found.meta["size"]

    async def delete(self, key: str) -> None:
        """Remove a file; there may be none of that name."""
        with self._explained(f"cannot delete {key}"), contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def listed(self, prefix: str = "") -> AsyncIterator[Listed]:
        """Every file whose name begins with the parts `prefix`."""
        with self._explained("cannot list the files"):
            async for page in obstore.list(self._store, prefix or None):
                for found in page:
                    yield Listed(found["path"], found["size"], found["last_modified"])

    async def signed_url(self, key: str, seconds: float) -> str:
        """An address at which anybody can get the file for so long; empty: it has none."""
        if self._s3 is None:
            return ""
        with self._explained(f"cannot sign {key}"):
            return await obstore.sign_async(self._s3, "GET", key, timedelta(seconds=seconds))

    @contextlib.contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise NotInStore(f"{doing}: it is not in the store {self.shown}") from error
        except (BaseError, OSError, ValueError) as error:
            raise StoreError(f"{doing}: the store {self.shown}: {_reason(error)}") from error


def _s3(settings: StoreSettings) -> S3Store:
    keys: dict[str, Any] = {}
    if settings.access_key:
        keys["access_key_id"] = settings.access_key
        keys["secret_access_key"] = settings.secret_key.get_secret_value()
    if settings.endpoint:
        keys["endpoint"] = settings.endpoint
    limit = timedelta(seconds=settings.timeout)
    return S3Store(
        settings.bucket,
        prefix=settings.prefix or None,
        region=settings.region,
        client_options={
            "timeout": limit,
            "connect_timeout": min(limit, timedelta(seconds=5)),
            "allow_http": settings.endpoint.startswith("http://"),
        },
        retry_config={"max_retries": _RETRIES, "retry_timeout": limit},
        **keys,
    )


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot use the folder of the store {folder}: {error.strerror}"
        raise SetupError(message) from error
    return folder


def _sync(path: Path) -> None:
    """Force a file and its name to the disk."""
    for each, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        opened = os.open(each, flags)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _reason(error: Exception) -> str:
    """The first line of what went wrong: the rest is for developers of the library."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:_LONGEST_REASON]
