"""A voicemail box whose owner calls on virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ivrserver.blocks import ToMailbox, Voicemail
from ivrserver.flow.events import CallEnded
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import StoredMessage
from tests.fakes import START
from tests.unit.flow.scene import Scene

BOX_ID = 9
PIN = "4711"
BOX = Voicemail(block_id=BOX_ID, name="Sales", envelope=False)
SAYS = phrases("en").mailbox
MENUS = phrases("en").menu


def message(number: int, *, new: bool = True, **more: Any) -> StoredMessage:
    """A message of two seconds that was left five minutes before the call."""
    left = StoredMessage(
        message_id=f"m{number}",
        at=START - timedelta(minutes=5),
        caller_id="2125550142",
        recording=f"r{number}",
        seconds=2.0,
        new=new,
    )
    return replace(left, **more)


def scene(*messages: StoredMessage, pin: str = PIN, **box: Any) -> Scene:
    """A call that goes straight to the mailbox, whose PIN is `pin`; empty: none is set."""
    built = Scene((replace(BOX, **box),), destination=ToMailbox(BOX_ID))
    built.mailboxes.kept[BOX_ID] = list(messages)
    if pin:
        built.mailboxes.pins[BOX_ID] = pin
    return built


async def listens(
    call: Scene, *acts: tuple[float, str], hang_up_at: float | None = None
) -> CallEnded:
    """The owner types the PIN at second 0.1, and does `acts` afterwards."""
    return await call.call((0.1, PIN), *acts, hang_up_at=hang_up_at)


def spoken(call: Scene) -> Sequence[str]:
    """What was heard after the PIN."""
    return call.heard[1:]


def count(new: str, saved: str) -> str:
    """How the number of messages is said."""
    return SAYS.you_have.format(new=new, saved=saved)
