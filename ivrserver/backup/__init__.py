"""Backups: everything that is kept, in one file, and back.

`archive` is the file: a compressed tar, each member with its checksum. `make` fills one from the
database and the store, `restore` puts one back.
"""

from ivrserver.backup.archive import Manifest, read
from ivrserver.backup.making import make
from ivrserver.backup.restoring import restore

__all__ = ["Manifest", "make", "read", "restore"]
