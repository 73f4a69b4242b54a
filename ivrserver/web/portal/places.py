"""Where calls go, in words, with the page about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from ivrserver.blocks import Account, HangUp, ToBlock, ToMailbox, ToNumber
from ivrserver.blocks.destinations import Destination
from ivrserver.blocks.forms import form_of
from ivrserver.blocks.numbers import readable

KIND_ICONS: Final = {
    "ivr": "list-ordered",
    "findme": "users",
    "receptionist": "headset",
    "voicemail": "voicemail",
}
"""The icon of each kind of block."""


@dataclass(frozen=True, slots=True)
class Leads:
    """Where something leads.

    Attributes:
        text: for people.
        icon: of what it leads to; empty: it stays inside an IVR.
        page: the address of the page about that; empty: there is none.
        missing: it leads to what is not there.
        usual: simply on, which needs not be said.
    """

    text: str
    icon: str = ""
    page: str = ""
    missing: bool = False
    usual: bool = False


def leads(place: Destination | None, account: Account) -> Leads:
    """Where a destination leads.

    Args:
        place: None: none is chosen, for callers with whom an IVR cannot go on.
        account: has the blocks.
    """
    match place:
        case None:
            return Leads("An apology is read, then the call ends", "phone-off")
        case HangUp():
            return Leads("Hang up", "phone-off")
        case ToNumber(number):
            return Leads(f"Transfer to {readable(number)}", "phone-forwarded")
        case ToBlock(block_id):
            return _block(block_id, account, "{}")
        case ToMailbox(block_id):
            return _block(block_id, account, "Messages of {}")
        case _:
            assert_never(place)


def _block(block_id: int, account: Account, text: str) -> Leads:
    for block in account.blocks:
        if block.block_id == block_id:
            kind = form_of(block).tree()["kind"]
            return Leads(text.format(block.name), KIND_ICONS[kind], f"/blocks/{block_id}")
    words = f"block {block_id}, which is not there"
    return Leads(text.format(words), "circle-help", missing=True)
