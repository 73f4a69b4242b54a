"""What telling the owners of voicemail boxes about messages needs, as Protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages of a box wait for its owner: new ones, and saved ones."""

    new: int = 0
    saved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message that the owners of its box are to be told about.

    Attributes:
        block_id: the box.
        at: when it was left.
        caller_id: in webhook form; empty: unknown.
        recording: name of the recording that is the message.
        text: what was said in it; empty: nobody has written it down, or nothing could be made out.
    """

    message_id: str
    block_id: int
    at: datetime
    caller_id: str
    recording: str
    seconds: float
    text: str = field(default="", repr=False)


class Notices(Protocol):
    """Messages, for those who tell about them. Each method raises `StorageError` when it cannot."""

    async def about(self, message_id: str) -> Notice | None:
        """That message; None: it is deleted."""
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
