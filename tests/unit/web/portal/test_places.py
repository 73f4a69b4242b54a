"""Where calls go in words, and numbers as people type them."""

from __future__ import annotations

import pytest

from ivrserver.blocks import (
    Account,
    FindMe,
    HangUp,
    PhoneNumber,
    ToBlock,
    ToMailbox,
    ToNumber,
    Voicemail,
)
from ivrserver.blocks.destinations import Destination
from ivrserver.web.portal.pages_audio import size_text
from ivrserver.web.portal.pages_numbers import shown_numbers, typed_number
from ivrserver.web.portal.places import Leads, leads

ACCOUNT = Account(
    blocks=(FindMe(block_id=7, name="Sales", phones=("desk",)), Voicemail(block_id=8, name="Box"))
)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (HangUp(), Leads("Hang up", "phone-off")),
        (ToNumber("2125550123"), Leads("Transfer to (212) 555-0123", "phone-forwarded")),
        (ToBlock(7), Leads("Sales", "users", "/blocks/7")),
        (ToMailbox(8), Leads("Messages of Box", "voicemail", "/blocks/8")),
        (ToBlock(9), Leads("block 9, which is not there", "circle-help", missing=True)),
    ],
)
def test_a_destination_is_told_with_the_page_about_it(place: Destination, told: Leads) -> None:
    assert leads(place, ACCOUNT) == told


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("(212) 555-0123", "2125550123"),
        ("+49 30 123.456", "+4930123456"),
        ("212-555-0123", "2125550123"),
        ("sample", "sample"),
        ("front-desk", "front-desk"),
        ("12 monkeys", "12 monkeys"),
    ],
)
def test_a_number_is_read_as_people_write_it(typed: str, number: str) -> None:
    assert typed_number({"number": typed})["number"] == number


def test_numbers_keep_their_order() -> None:
    numbers = (PhoneNumber("2", "", ToBlock(7)), PhoneNumber("1", "", HangUp()))
    account = Account(numbers=numbers, blocks=ACCOUNT.blocks)
    assert [each.number.number for each in shown_numbers(account, ())] == ["2", "1"]


@pytest.mark.parametrize(
    ("size", "text"),
    [(999, "999 bytes"), (1500, "1.5 kB"), (96_044, "96 kB"), (1_400_000, "1.4 MB"),
     (50_000_000, "50 MB")],
)  # fmt: skip
def test_sizes_are_short(size: int, text: str) -> None:
    assert size_text(size) == text
