"""Passwords are kept as Argon2id hashes; comparing them never holds up a call."""

from __future__ import annotations

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ivrserver.access import normalised

_AT_ONCE: Final = 2
_STRONG: Final = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
"""RFC 9106's second choice, in one thread: 64 MB and some 150 ms of one core."""


class Passwords:
    """Hashes and compares passwords, a few at a time: strangers must not take every core.

    Args:
        hasher: how; None: so that guessing is expensive.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or _STRONG
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """What is kept of a password that `checked_password` has let pass."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, normalised(password))

    async def matches(self, kept: str, password: str) -> bool:
        """Whether it is the password that `kept` is of.

        It takes as long if `kept` is empty, as for users who have none, or who are not there.
        """
        if not kept:
            self._nobodys = self._nobodys or await self.hash("nobody has this password")
        async with self._turn:
            right = await asyncio.to_thread(
                self._verify, kept or self._nobodys, normalised(password)
            )
        return right and bool(kept)

    def outdated(self, kept: str) -> bool:
        """Whether a password is to be hashed again, as it was with other parameters."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False
