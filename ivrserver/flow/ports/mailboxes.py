"""What a call needs of voicemail boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol


class GreetingKind(Enum):
    """Which greeting a voicemail box uses: the block's own, or one that its owner recorded."""

    STANDARD = "standard"
    RECORDED = "recorded"
    VACATION = "vacation"


@dataclass(frozen=True, slots=True)
class MailboxState:
    """What the owner of a voicemail box has set by phone.

    Attributes:
        greeting: the one in use.
        recordings: name of the recording of each kind that was recorded.
        has_pin: without a PIN nobody can listen to it by phone.
    """

    greeting: GreetingKind = GreetingKind.STANDARD
    recordings: Mapping[GreetingKind, str] = field(default_factory=dict)
    has_pin: bool = False


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message in a voicemail box, oldest first in every list.

    Attributes:
        recording: its name.
        new: nobody has kept it yet.
    """

    message_id: str
    at: datetime
    caller_id: str
    recording: str
    seconds: float
    new: bool


class PinVerdict(Enum):
    """What came of a PIN."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    """Too many wrong ones lately; it is not looked at."""
    NONE_SET = "none_set"


class Mailboxes(Protocol):
    """Messages, PINs and greetings of voicemail boxes. Each raises `StorageError` when it cannot.

    A message that is left goes through the `Journal` (`records.MessageLeft`), not through here.
    """

    async def state(self, block_id: int) -> MailboxState:
        """What its owner has set; the defaults if nothing."""
        ...

    async def check_pin(self, block_id: int, pin: str, now: datetime) -> PinVerdict:
        """Compare a PIN; wrong ones are counted, across calls."""
        ...

    async def set_pin(self, block_id: int, pin: str) -> None:
        """Keep a new PIN, hashed."""
        ...

    async def set_greeting(self, block_id: int, kind: GreetingKind, recording: str = "") -> None:
        """Use that greeting from now on; `recording`: it was recorded anew."""
        ...

    async def messages(self, block_id: int) -> Sequence[StoredMessage]:
        """All that are not deleted: new ones first, then saved ones."""
        ...

    async def save(self, message_id: str) -> None:
        """It has been heard and is kept."""
        ...

    async def delete(self, message_id: str) -> None:
        """It is not wanted any more."""
        ...
