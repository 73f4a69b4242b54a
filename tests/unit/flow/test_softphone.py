"""What is dialled on a softphone, and by whom else it may not be."""

from __future__ import annotations

import pytest

from ivrserver.blocks import Destination, Prompt, ToBlock, ToNumber
from ivrserver.blocks.questions import Message
from ivrserver.flow.call import Call
from ivrserver.flow.events import CallEnded, CallRouted
from ivrserver.flow.ports import IncomingCall
from ivrserver.flow.softphone import block_number, route
from tests.unit.flow.scene import Scene, ivr

EXTENSIONS = {"204": "desk"}


@pytest.mark.parametrize(
    ("dialled", "leads_to"),
    [
        ("block-101", ToBlock(101)),
        ("block-102", None),
        ("block-0101", ToBlock(101)),
        ("block-x", ToNumber("block-x")),
        ("block-\u0661\u0660\u0661", None),
        ("204", ToNumber("desk")),
        ("205", None),
        ("desk", ToNumber("desk")),
        ("bert", ToNumber("bert")),
        ("+442079460000", ToNumber("+442079460000")),
        ("(212) 555-0123", ToNumber("(212) 555-0123")),
        ("911", None),
        ("", None),
        ("sip:x@example.com", None),
    ],
)
def test_what_is_dialled_leads_somewhere(dialled: str, leads_to: Destination | None) -> None:
    found = route(dialled, {101}, EXTENSIONS, "US")
    assert (found and found[0]) == leads_to


def test_a_blocks_number_is_dialled_as_it_is_read() -> None:
    assert route(block_number(101), {101}, {}, "US") == (
        ToBlock(101),
        "block-101 was dialled on a softphone",
    )


def scene() -> Scene:
    hello = Message(question_id=1, name="Hello", prompt=Prompt(text="Hello."))
    return Scene((ivr(hello, block_id=101), ivr(hello, block_id=102)))


async def call(scene: Scene, incoming: IncomingCall) -> str:
    """Where the call went; empty: nowhere."""
    await Call(scene.world(), scene.channel, incoming).run()
    assert scene.journal.of(CallEnded)
    return next((routed.to for routed in scene.journal.of(CallRouted)), "")


async def test_a_softphone_enters_any_block() -> None:
    incoming = IncomingCall("block-102", "anna", user="anna", dialled="block-102")
    assert await call(scene(), incoming) == "block 102"


@pytest.mark.parametrize("endpoint", ["", "desk", "carrier"])
async def test_nobody_else_enters_a_block(endpoint: str) -> None:
    assert await call(scene(), IncomingCall("block-102", "anna", endpoint)) == ""


async def test_a_number_of_the_account_wins() -> None:
    incoming = IncomingCall("100", "anna", user="anna", dialled="100")
    assert await call(scene(), incoming) == "block 101"


async def test_others_are_dialled_as_they_were_typed() -> None:
    incoming = IncomingCall("442079460000", "anna", user="anna", dialled="+442079460000")
    assert await call(scene(), incoming) == "transfer to +442079460000"
