"""Backups: everything that is kept, in one file, and back.

`archive` is the file: a compressed tar, each member with its checksum; `sealed` encrypts it. `make`
fills one from the database and the store, `restore` puts one back.
"""

from ivrserver.backup.archive import Manifest, read
from ivrserver.backup.making import make
from ivrserver.backup.restoring import restore
from ivrserver.backup.sealed import keys_of

__all__ = ["Manifest", "keys_of", "make", "read", "restore"]
