"""Owners are told once, sooner or later, whatever the mail server does. On virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from structlog.testing import capture_logs

from ivrserver.blocks import Ivr, Voicemail
from ivrserver.errors import MailError
from ivrserver.mail import PostOffice
from ivrserver.mail.post_office import GIVE_UP_AFTER, JITTER, RETRIES
from tests.fakes import START, FakeClock
from tests.unit.mail.letters import BOX, WAV, FakeOutbox, Office, notice

pytestmark = pytest.mark.looptime

HOUR = 3600.0
LATER = MailError("450 4.2.0 greylisted", code=450)
NEVER = MailError("550 5.1.1 no such user", code=550, final=True)


def office(*numbers: int) -> Office:
    """An office with a notice for each number, due now."""
    notices = [notice(f"m{number}", at=START) for number in numbers or (1,)]
    return Office(FakeOutbox(*notices))


@asynccontextmanager
async def running(post: PostOffice) -> AsyncIterator[None]:
    task = asyncio.create_task(post.run())
    try:
        yield
    finally:
        assert not task.done(), "it goes on whatever happens"
        task.cancel()
        await asyncio.wait([task])


async def pass_time(it: Office, post: PostOffice, seconds: float) -> None:
    """Let `seconds` pass, in which the office looks whenever something is due."""
    end = START + timedelta(seconds=asyncio.get_running_loop().time() + seconds)
    while True:
        await post.deliver_due()
        next_due = min([end, *(due for due, _ in it.outbox.due.values())])
        wait = next_due - FakeClock().now()
        await asyncio.sleep(max(0.0, wait.total_seconds()) + 0.001)
        if next_due == end:
            return


def attachment(letter: EmailMessage) -> bytes:
    (attached,) = letter.iter_attachments()
    content: bytes = attached.get_content()
    return content


async def test_everybody_whom_the_box_names_gets_the_recording_once() -> None:
    it = office()
    async with running(it.open()):
        await asyncio.sleep(HOUR)
    ((letter, told),) = it.carrier.letters
    assert told == ["a@example.com", "b@example.com"]
    assert letter["To"] == "a@example.com, b@example.com"
    assert attachment(letter) == WAV + b"rec-m1"
    assert it.outbox.settled == [("m1", True, "")]


async def test_a_message_that_comes_later_is_told_within_two_seconds() -> None:
    it = office()
    it.outbox.due.clear()
    async with running(it.open()):
        await asyncio.sleep(HOUR)
        it.outbox.due["m2"] = (START, notice("m2", attempts=0))
        await asyncio.sleep(2)
        assert len(it.carrier.letters) == 1


async def test_a_box_that_wants_no_email_costs_nothing() -> None:
    it = office(1, 2, 3)
    boxes = [
        Voicemail(block_id=300, name="quiet"),
        Ivr(block_id=301, name="no box", questions=()),
    ]
    for number, box in enumerate((300, 301, 302), 1):
        due, kept = it.outbox.due[f"m{number}"]
        it.outbox.due[f"m{number}"] = (due, replace(kept, block_id=box))
    async with running(it.open(*boxes)):
        await asyncio.sleep(2)
    assert it.carrier.letters == []
    assert it.outbox.settled == [("m1", False, ""), ("m2", False, ""), ("m3", False, "")]


async def test_a_server_that_is_down_is_tried_again_less_and_less_often_for_a_day() -> None:
    it = office()
    it.carrier.down = MailError("connection refused")
    with capture_logs() as logs:
        await pass_time(it, it.open(), 48 * HOUR)
    attempts = len(it.outbox.settled)
    assert 15 <= attempts <= 25
    assert it.outbox.due == {}, "given up"
    assert it.outbox.settled[-1] == (
        "m1", False, "a@example.com: connection refused; b@example.com: connection refused",
    )  # fmt: skip
    told = [entry for entry in logs if entry["event"] == "mail_not_sent"]
    assert [entry["again"] for entry in told] == [True] * (attempts - 1) + [False]
    assert "example.com" not in str(logs), "addresses are nobody's business"


async def test_a_server_that_comes_back_gets_what_has_waited() -> None:
    it = office(1, 2)
    it.carrier.down = MailError("connection refused")
    post = it.open()
    await pass_time(it, post, 10 * HOUR)
    it.carrier.down = None
    await pass_time(it, post, 3 * HOUR)
    assert [letter["Message-ID"] for letter, _ in it.carrier.letters] == [
        "<m1@example.com>", "<m2@example.com>",
    ]  # fmt: skip
    assert it.outbox.due == {}


async def test_pauses_grow_and_vary() -> None:
    it = office(1, 2)
    it.carrier.down = LATER
    post, pauses = it.open(), []
    for pause in RETRIES[:4]:
        await post.deliver_due()
        now = FakeClock().now()
        pauses.append([(due - now).total_seconds() for due, _ in it.outbox.due.values()])
        assert pauses[-1][0] != pauses[-1][1], "who failed together does not try together"
        assert all(abs(one - pause) <= JITTER * pause for one in pauses[-1])
        await asyncio.sleep(pause * (1 + JITTER))


async def test_who_is_greylisted_is_tried_again_and_nobody_else() -> None:
    it = office()
    it.carrier.refuses = {"b@example.com": LATER}
    async with running(it.open()):
        await asyncio.sleep(10)
        assert it.outbox.settled == [("m1", True, "b@example.com: 450 4.2.0 greylisted")]
        it.carrier.refuses = {}
        await asyncio.sleep(HOUR)
    assert [told for _, told in it.carrier.letters] == [["a@example.com"], ["b@example.com"]]
    assert [letter["Message-ID"] for letter, _ in it.carrier.letters] == ["<m1@example.com>"] * 2


async def test_who_is_refused_for_good_is_not_tried_again() -> None:
    it = office()
    it.carrier.refuses = {"a@example.com": NEVER}
    await pass_time(it, it.open(), 25 * HOUR)
    assert [told for _, told in it.carrier.letters] == [["b@example.com"]]
    assert it.outbox.settled == [("m1", True, "a@example.com: 550 5.1.1 no such user")]


async def test_an_address_that_the_box_no_longer_names_is_not_told() -> None:
    it = office()
    due, kept = it.outbox.due["m1"]
    it.outbox.due["m1"] = (due, replace(kept, left=("b@example.com",)))
    async with running(it.open(replace(BOX, email=("a@example.com",)))):
        await asyncio.sleep(5)
    assert it.carrier.letters == []
    assert it.outbox.settled == [("m1", False, "")]


async def test_a_recording_that_cannot_be_had_is_waited_for_but_not_for_ever() -> None:
    it = office()
    it.recordings_away = True
    async with running(it.open()):
        await asyncio.sleep(HOUR)
    assert "the recording cannot be had" in it.outbox.settled[0][2]
    ((letter, _),) = it.carrier.letters
    assert list(letter.iter_attachments()) == []
    assert it.outbox.settled[-1] == ("m1", True, "")


async def test_no_recording_is_fetched_that_is_not_attached() -> None:
    it = office()
    it.recordings_away = True
    async with running(it.open(replace(BOX, attach=False))):
        await asyncio.sleep(2)
    assert len(it.carrier.letters) == 1


async def test_a_letter_that_cannot_be_written_holds_up_no_other() -> None:
    it = office(1, 2)
    bad = replace(BOX, block_id=301, email=(f"a@{'x' * 70}.example",))
    due, kept = it.outbox.due["m1"]
    it.outbox.due["m1"] = (due, replace(kept, block_id=301))
    with capture_logs() as logs:
        async with running(it.open(BOX, bad)):
            await asyncio.sleep(2)
    assert [letter["Message-ID"] for letter, _ in it.carrier.letters] == ["<m2@example.com>"]
    assert {entry["event"] for entry in logs} == {"mail_not_written", "mail_not_sent"}
    assert "xxx" not in str(logs)


async def test_an_attempt_that_hangs_is_given_up_within_its_lease() -> None:
    class Hanging:
        sender = "phone@example.com"

        async def hand_over(self, letter: object, recipients: object) -> dict[str, MailError]:
            await asyncio.sleep(10_000)
            return {}

    it = office()
    post = replace(it.open(), carrier=Hanging())
    began = asyncio.get_running_loop().time()
    assert await post.deliver_due()
    assert asyncio.get_running_loop().time() - began == 180
    assert it.outbox.settled == [
        ("m1", False, "a@example.com: it took too long; b@example.com: it took too long")
    ]


async def test_while_the_database_is_away_it_waits_and_says_so_once() -> None:
    it = office()
    it.outbox.away = True
    with capture_logs() as logs:
        async with running(it.open()):
            await asyncio.sleep(60)
            it.outbox.away = False
            await asyncio.sleep(2)
    assert len(it.carrier.letters) == 1
    assert sorted(entry["event"] for entry in logs) == ["lamps_not_shown", "outbox_away"]


async def test_after_a_restart_it_goes_on_where_it_was() -> None:
    it = office()
    it.carrier.down = LATER
    await pass_time(it, it.open(), 10 * HOUR)
    tried = len(it.outbox.settled)
    it.carrier.down = None
    await pass_time(it, it.open(), 2.5 * HOUR)
    assert it.outbox.settled[tried:] == [("m1", True, "")]
    assert timedelta(hours=13) < GIVE_UP_AFTER
