"""What keeping recordings and sound files needs: what is known of them, who has them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecording:
    """A recording, and where it is.

    Attributes:
        call_id: the call that it was made on; empty: that is deleted already.
        asterisk: name of the Asterisk that made it.
        size: in bytes; None: it is not in the store yet.
        sha256: of its content, in hex; empty: it is not in the store yet.
        key: its name in the store; empty: it is not there yet.
        stored_at: since when it is there; None: not yet.
        removed_at: since when Asterisk has no copy any more; None: it may have one.
        attempts: how often it was tried to bring it on since that last worked.
        error: why that did not work the last time; empty: it did.
        lease: until then nobody else looks after it; None: there is nothing left to do.
    """

    name: str
    call_id: str
    recorded_at: datetime
    seconds: float
    ended_by: str
    asterisk: str
    size: int | None = None
    sha256: str = ""
    key: str = ""
    stored_at: datetime | None = None
    removed_at: datetime | None = None
    attempts: int = 0
    error: str = ""
    lease: datetime | None = None


class RecordingRows(Protocol):
    """What is known of recordings. Each method raises `StorageError` when it cannot."""

    async def claim(self, now: datetime, lease: datetime, limit: int) -> Sequence[KeptRecording]:
        """Take those that something is to be done for, the longest due first.

        They are due again at `lease`.
        """
        ...

    async def find(self, name: str) -> KeptRecording | None:
        """What is known of one; None: there is none of that name."""
        ...

    async def stored(
        self, name: str, *, key: str, size: int, sha256: str, at: datetime, due: datetime
    ) -> KeptRecording | None:
        """It is in the store; Asterisk's copy is to be removed at `due`.

        Returns:
            What is known now; if somebody else has stored it before, what they said; None: it was
            deleted meanwhile.
        """
        ...

    async def settle(
        self,
        recording: KeptRecording,
        *,
        due: datetime | None,
        removed_at: datetime | None = None,
        error: str = "",
    ) -> None:
        """Say what came of it; does nothing if somebody else has taken it meanwhile.

        Args:
            recording: as it was claimed.
            due: when something is to be done next; None: nothing any more.
            removed_at: since when Asterisk has no copy.
            error: why it did not work, for people; empty: it did.
        """
        ...

    async def forget(self, name: str) -> None:
        """It is deleted."""
        ...


class Source(Protocol):
    """One Asterisk, as far as its recordings go. Each method raises `TelephonyError`."""

    def recorded(self, name: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """``async with``: a finished recording as the pieces of a WAV file.

        Raises:
            RecordingGone: it has none of that name.
        """
        ...

    async def remove_recording(self, name: str) -> None:
        """Remove its copy; there may be none."""
        ...


Sources = Mapping[str, Source]
"""Every Asterisk by its name."""

Replay = Callable[[str], Awaitable[str]]
"""The ARI media URI that plays the recording of that name on any Asterisk; empty: it cannot be had.
Never raises."""


async def no_replay(name: str) -> str:
    """A `Replay` that has nothing."""
    del name
    return ""


class SoundShelf(Protocol):
    """Where the audio library's files are for all controllers, named by their content.

    Each method raises `StoreError` when it cannot.
    """

    async def names(self) -> frozenset[str]:
        """All that are there."""
        ...

    async def put(self, file: Path) -> None:
        """Keep a file under its own name."""
        ...

    async def fetch(self, name: str, folder: Path) -> None:
        """Bring a file into `folder`, whole or not at all."""
        ...

    async def sweep(self, used: Collection[str], before: datetime) -> None:
        """Remove what is not `used` and was put there before then."""
        ...


class Unshared:
    """A `SoundShelf` of a library that is in one folder only: nothing goes anywhere."""

    async def names(self) -> frozenset[str]:
        """None."""
        return frozenset()

    async def put(self, file: Path) -> None:
        """It is where it is."""

    async def fetch(self, name: str, folder: Path) -> None:
        """It is where it is, or nowhere."""

    async def sweep(self, used: Collection[str], before: datetime) -> None:
        """Nothing is there."""
