"""Encryption of a file in pieces, so that any part of it can be read alone. Pure.

Layout: a header, then pieces of 64 KiB, each followed by its tag of 16 bytes.

======  =====================================================================
bytes   header
======  =====================================================================
8       ``ivrseal1``
1       length of the key's name
n       the key's name
16      salt, random for each file
16      proof that a key is the right one
======  =====================================================================

From the key and the salt HKDF-SHA256 (RFC 5869) makes two keys: one encrypts, of the other the
first 16 bytes are the proof. A piece is AES-256-GCM (NIST SP 800-38D) with the file's name and the
header as associated data; its nonce is its number (11 bytes, big-endian) and a byte that is 1 in
the last piece only. So no piece can be changed, moved to another place or another file, or left out
at the end, without being noticed (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár, 2015).
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ivrserver.errors import ObjectDamaged

MAGIC: Final = b"ivrseal1"
PIECE: Final = 65536
TAG: Final = 16
SEALED_PIECE: Final = PIECE + TAG
LONGEST_HEADER: Final = len(MAGIC) + 1 + 255 + 16 + 16

_SALT: Final = 16
_PROOF: Final = 16
_KEY: Final = 32


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the pieces.

    Attributes:
        key_name: name of the key that the file is encrypted with.
        raw: the whole header.
    """

    key_name: str
    raw: bytes

    @classmethod
    def of(cls, begin: bytes) -> Header | None:
        """The header of a file that begins so; None: it is not encrypted.

        Raises:
            ObjectDamaged: there is no whole header.
        """
        if not begin.startswith(MAGIC):
            return None
        after_name = len(MAGIC) + 1 + (begin[len(MAGIC)] if len(begin) > len(MAGIC) else 0)
        whole = after_name + _SALT + _PROOF
        if len(begin) < whole:
            raise ObjectDamaged("an encrypted file ends within its header")
        name = begin[len(MAGIC) + 1 : after_name].decode("utf-8", "replace")
        return cls(name, begin[:whole])

    def plain_size(self, size: int) -> int:
        """Bytes that an encrypted file of `size` bytes holds.

        Raises:
            ObjectDamaged: no encrypted file has that size.
        """
        pieces, rest = divmod(size - len(self.raw), SEALED_PIECE)
        if pieces < 0 or (rest and rest < TAG) or (not pieces and not rest):
            raise ObjectDamaged("an encrypted file was cut off")
        return pieces * PIECE + max(rest - TAG, 0)

    def piece_range(self, first: int, stop: int) -> tuple[int, int]:
        """Where the pieces from number `first` up to `stop` are in the file."""
        return len(self.raw) + first * SEALED_PIECE, len(self.raw) + stop * SEALED_PIECE


@dataclass(frozen=True, slots=True)
class Seal:
    """Encrypts and decrypts the pieces of one file. Make it by `new` or `known`."""

    header: Header
    _cipher: AESGCM = field(repr=False)
    _bound: bytes = field(repr=False)

    @classmethod
    def new(cls, key_name: str, key: bytes, file: str) -> Seal:
        """For a new file of the name `file`."""
        name, salt = key_name.encode(), os.urandom(_SALT)
        cipher, proof = _derived(key, salt)
        raw = MAGIC + bytes([len(name)]) + name + salt + proof
        return cls(Header(key_name, raw), AESGCM(cipher), _associated(file, raw))

    @classmethod
    def known(cls, header: Header, key: bytes, file: str) -> Seal | None:
        """For a file that has `header`; None: it was encrypted with another key."""
        salt, proof = header.raw[-_SALT - _PROOF : -_PROOF], header.raw[-_PROOF:]
        cipher, expected = _derived(key, salt)
        if not hmac.compare_digest(proof, expected):
            return None
        return cls(header, AESGCM(cipher), _associated(file, header.raw))

    def sealed(self, number: int, piece: bytes, *, last: bool) -> bytes:
        """Encrypt the piece of that number, from 0; all but the last have `PIECE` bytes."""
        return self._cipher.encrypt(_nonce(number, last=last), piece, self._bound)

    def opened(self, number: int, piece: bytes, *, last: bool) -> bytes:
        """Decrypt it.

        Raises:
            ObjectDamaged: it is not what was encrypted.
        """
        try:
            return self._cipher.decrypt(_nonce(number, last=last), piece, self._bound)
        except InvalidTag as error:
            raise ObjectDamaged("an encrypted file is not what it was: it was changed") from error


class Sealer:
    """Encrypts a file from its beginning to its end: bytes of any number come, and go encrypted."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._rest, self._number = bytearray(), 0

    def feed(self, data: bytes) -> bytes:
        """What `data` adds to the file now; it may be nothing."""
        self._rest += data
        made = []
        # One byte more than a piece: the last one is known only at the end.
        while len(self._rest) > PIECE:
            made.append(self._made(bytes(self._rest[:PIECE]), last=False))
            del self._rest[:PIECE]
        return b"".join(made)

    def end(self) -> bytes:
        """What the file ends with."""
        return self._made(bytes(self._rest), last=True)

    def _made(self, piece: bytes, *, last: bool) -> bytes:
        before = b"" if self._number else self._seal.header.raw
        made = self._seal.sealed(self._number, piece, last=last)
        self._number += 1
        return before + made


def _derived(key: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """The key that encrypts, and the proof."""
    made = HKDF(SHA256(), _KEY + _PROOF, salt, MAGIC).derive(key)
    return made[:_KEY], made[_KEY:]


def _associated(file: str, header: bytes) -> bytes:
    return header + file.encode()


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
