"""Try whether the store can be used, for ``ivrserver doctor``."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from ivrserver.config import Settings
from ivrserver.errors import ObjectDamaged, StoreError
from ivrserver.recordings.objects import Objects


async def probe(settings: Settings) -> str:
    """Put a file into an S3 store, read and remove it; of a folder, look whether we may write.

    Returns:
        Where the store is.

    Raises:
        StoreError: it cannot be used; the text says why.
    """
    if not settings.store.bucket:
        return _of_folder(settings.store.folder or settings.data / "store")
    objects = Objects(settings.store, settings.data)
    key, content = f"probe/{uuid.uuid4().hex}", os.urandom(16)
    await objects.put_bytes(key, content)
    try:
        found, _ = await objects.read(key, 0, len(content))
    finally:
        await objects.delete(key)
    if found != content:
        raise ObjectDamaged(f"the store {objects.shown} gives back something else than was put")
    return objects.shown


def _of_folder(folder: Path) -> str:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise StoreError(f"the folder of the store {folder} cannot be written to")
    return str(folder)
