"""Owners are told once, sooner or later, whatever the mail server does. On virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from structlog.testing import capture_logs

from ivrserver.blocks import Block, Ivr, Voicemail
from ivrserver.errors import MailError
from ivrserver.flow.jobs import LETTER_RETRIES, MAIL, Job, JobState
from ivrserver.flow.records import JobOrdered
from ivrserver.jobs.letters import Letters
from tests.fakes import START
from tests.unit.jobs.floor import Floor
from tests.unit.mail.letters import BOX, WAV, FakeNotices, Office, notice

pytestmark = pytest.mark.looptime

HOUR = 3600.0
LATER = MailError("450 4.2.0 greylisted", code=450)
NEVER = MailError("550 5.1.1 no such user", code=550, final=True)
DOWN = MailError("connection refused")


@dataclass
class Post(Office):
    """An office whose letters are jobs."""

    floor: Floor = field(default_factory=Floor)

    @classmethod
    def of(cls, *numbers: int, **changes: object) -> Post:
        """With a message for each number, due now."""
        messages = [notice(f"m{number}", at=START, **changes) for number in numbers or (1,)]
        post = cls(FakeNotices(*messages))
        for message in messages:
            post.order(message.message_id)
        return post

    def order(self, message_id: str) -> None:
        self.floor.jobs.order(
            JobOrdered(kind=MAIL, key=message_id, call_id="", at=START, due=START)
        )

    def job(self, message_id: str = "m1") -> Job:
        return self.floor.jobs.rows[f"mail-{message_id}"]

    def state(self, message_id: str = "m1") -> tuple[JobState, str]:
        return self.job(message_id).state, self.job(message_id).error

    @asynccontextmanager
    async def at_work(self, *blocks: Block) -> AsyncIterator[None]:
        async with self.floor.open(Letters(self.notices, super().open(*blocks)).kind()):
            yield


def attachment(letter: EmailMessage) -> bytes:
    (attached,) = letter.iter_attachments()
    content: bytes = attached.get_content()
    return content


async def test_everybody_whom_the_box_names_gets_the_recording_once() -> None:
    it = Post.of()
    async with it.at_work():
        await asyncio.sleep(HOUR)
    ((letter, told),) = it.carrier.letters
    assert told == ["a@example.com", "b@example.com"]
    assert letter["To"] == "a@example.com, b@example.com"
    assert attachment(letter) == WAV + b"rec-m1"
    assert it.state() == (JobState.DONE, "")


async def test_a_box_that_wants_no_email_costs_nothing() -> None:
    it = Post.of(1, 2, 3)
    quiet = Voicemail(block_id=300, name="quiet")
    no_box = Ivr(block_id=301, name="no box", questions=())
    for number, box in enumerate((300, 301, 302), 1):
        it.notices.messages[f"m{number}"] = notice(f"m{number}", block_id=box)
    async with it.at_work(quiet, no_box):
        await asyncio.sleep(2)
    assert it.carrier.letters == []
    assert [it.state(f"m{number}") for number in (1, 2, 3)] == [(JobState.DONE, "")] * 3


async def test_a_message_that_is_deleted_before_is_not_written_about() -> None:
    it = Post.of()
    it.notices.messages.clear()
    async with it.at_work():
        await asyncio.sleep(2)
    assert it.carrier.letters == []
    assert it.state() == (JobState.DONE, "the message is deleted")


async def test_a_server_that_is_down_is_tried_again_less_and_less_often_for_a_day() -> None:
    it = Post.of()
    it.floor.look_seconds = 60
    it.carrier.down = DOWN
    with capture_logs() as logs:
        async with it.at_work():
            await asyncio.sleep(27 * HOUR)
    assert 15 <= it.job().attempts <= 25
    told = "a@example.com: connection refused; b@example.com: connection refused"
    assert it.state() == (JobState.FAILED, told), "given up"
    assert it.job().settled_at is not None
    assert it.job().settled_at - START >= timedelta(hours=24)
    events = [entry["event"] for entry in logs]
    assert events == ["mail_not_sent", "job_not_done"] * it.job().attempts
    assert "example.com" not in str(logs), "addresses are nobody's business"


async def test_a_server_that_comes_back_gets_what_has_waited() -> None:
    it = Post.of(1, 2)
    it.floor.look_seconds = 60
    it.carrier.down = DOWN
    async with it.at_work():
        await asyncio.sleep(3 * HOUR)
        it.carrier.down = None
        await asyncio.sleep(3 * HOUR)
    ids = sorted(letter["Message-ID"] for letter, _ in it.carrier.letters)
    assert ids == ["<m1@example.com>", "<m2@example.com>"]


async def test_who_is_greylisted_is_tried_again_and_nobody_else() -> None:
    it = Post.of()
    it.carrier.refuses = {"b@example.com": LATER}
    async with it.at_work():
        await asyncio.sleep(10)
        assert it.state() == (JobState.WAITING, "b@example.com: 450 4.2.0 greylisted")
        due = it.job().due_at
        assert due is not None
        assert (due - START).total_seconds() == pytest.approx(LETTER_RETRIES.pauses[0], abs=2)
        it.carrier.refuses = {}
        await asyncio.sleep(HOUR)
    assert [told for _, told in it.carrier.letters] == [["a@example.com"], ["b@example.com"]]
    assert [letter["Message-ID"] for letter, _ in it.carrier.letters] == ["<m1@example.com>"] * 2
    assert it.state() == (JobState.DONE, "")


async def test_who_is_refused_for_good_is_not_tried_again() -> None:
    it = Post.of()
    it.carrier.refuses = {"a@example.com": NEVER}
    async with it.at_work():
        await asyncio.sleep(HOUR)
    assert [told for _, told in it.carrier.letters] == [["b@example.com"]]
    assert it.state() == (JobState.DONE, "a@example.com: 550 5.1.1 no such user")


async def test_when_everybody_is_refused_for_good_it_has_failed() -> None:
    it = Post.of()
    it.carrier.refuses = {"a@example.com": NEVER, "b@example.com": LATER}
    async with it.at_work():
        await asyncio.sleep(10)
        it.carrier.refuses = {"b@example.com": NEVER}
        await asyncio.sleep(HOUR)
    assert it.carrier.letters == []
    assert it.state() == (JobState.FAILED, "b@example.com: 550 5.1.1 no such user")


async def test_an_address_that_the_box_no_longer_names_is_not_told() -> None:
    it = Post.of()
    it.carrier.refuses = {"b@example.com": LATER}
    async with it.at_work():
        await asyncio.sleep(10)
    assert len(it.carrier.letters) == 1
    async with it.at_work(replace(BOX, email=("a@example.com",))):
        await asyncio.sleep(HOUR)
    assert len(it.carrier.letters) == 1
    assert it.state() == (JobState.DONE, "")


async def test_a_recording_that_cannot_be_had_is_waited_for_but_not_for_ever() -> None:
    it = Post.of()
    it.recordings_away = True
    async with it.at_work():
        await asyncio.sleep(10)
        assert "the recording cannot be had" in it.job().error
        await asyncio.sleep(HOUR)
    ((letter, _),) = it.carrier.letters
    assert list(letter.iter_attachments()) == []
    assert it.state() == (JobState.DONE, "")


async def test_no_recording_is_fetched_that_is_not_attached() -> None:
    it = Post.of()
    it.recordings_away = True
    async with it.at_work(replace(BOX, attach=False)):
        await asyncio.sleep(2)
    assert len(it.carrier.letters) == 1


async def test_a_letter_that_cannot_be_written_holds_up_no_other() -> None:
    it = Post.of(1, 2)
    bad = replace(BOX, block_id=301, email=(f"a@{'x' * 70}.example",))
    it.notices.messages["m1"] = notice("m1", block_id=301)
    with capture_logs() as logs:
        async with it.at_work(BOX, bad):
            await asyncio.sleep(2)
    assert [letter["Message-ID"] for letter, _ in it.carrier.letters] == ["<m2@example.com>"]
    assert {entry["event"] for entry in logs} == {
        "mail_not_written", "mail_not_sent", "job_not_done",
    }  # fmt: skip
    assert "xxx" not in str(logs)


async def test_an_attempt_that_hangs_is_given_up_and_made_again() -> None:
    class Hanging:
        sender = "phone@example.com"
        letters = 0

        async def hand_over(self, letter: object, recipients: object) -> dict[str, MailError]:
            self.letters += 1
            await asyncio.sleep(10_000)
            return {}

    it = Post.of()
    it.carrier = hanging = Hanging()  # type: ignore[assignment]
    async with it.at_work():
        await asyncio.sleep(182)
        assert it.state() == (JobState.WAITING, "it took longer than 180 s")
        await asyncio.sleep(100)
        assert hanging.letters == 2


async def test_after_a_restart_it_goes_on_where_it_was() -> None:
    it = Post.of()
    it.carrier.refuses = {"b@example.com": LATER}
    async with it.at_work():
        await asyncio.sleep(HOUR)
    tried = it.job().attempts
    it.carrier.refuses = {}
    async with it.at_work():
        await asyncio.sleep(HOUR)
    assert it.job().attempts == tried + 1
    assert [told for _, told in it.carrier.letters] == [["a@example.com"], ["b@example.com"]]
