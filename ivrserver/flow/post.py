"""What telling the owners of voicemail boxes about messages needs, as Protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages of a box wait for its owner: new ones, and saved ones."""

    new: int = 0
    saved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message whose owners are to be told by e-mail; ours until `lease`.

    Attributes:
        block_id: the box.
        at: when it was left.
        caller_id: in webhook form; empty: unknown.
        recording: name of the recording that is the message.
        attempts: how often it was tried, this time included.
        left: addresses that are still to be told; None: nobody has been told yet.
        lease: until then nobody else takes it.
    """

    message_id: str
    block_id: int
    at: datetime
    caller_id: str
    recording: str
    seconds: float
    attempts: int
    left: tuple[str, ...] | None
    lease: datetime


class Outbox(Protocol):
    """Messages whose owners are to be told. Each method raises `StorageError` when it cannot."""

    async def claim(self, now: datetime, lease: datetime, limit: int) -> Sequence[Notice]:
        """Take those that are due, the longest waiting first; they are due again at `lease`."""
        ...

    async def settle(
        self,
        notice: Notice,
        *,
        due: datetime | None = None,
        left: Sequence[str] = (),
        sent_at: datetime | None = None,
        error: str = "",
    ) -> None:
        """Say what came of it; does nothing if somebody else has taken it meanwhile.

        Args:
            notice: as it was claimed.
            due: when it is to be tried again; None: never.
            left: addresses that are still to be told then.
            sent_at: when somebody was told; None: nobody was, this time.
            error: why not all were told, for people.
        """
        ...

    async def waiting(self) -> Mapping[int, Waiting]:
        """How many messages each box has; a box without any may be left out."""
        ...


class Lamps(Protocol):
    """Message lamps of registered phones."""

    async def show(self, phone: str, new: int, saved: int) -> None:
        """Light the lamp of the phone of this name, or put it out if nothing is new.

        Raises:
            TelephonyError: the phone server cannot be told.
        """
        ...
