"""A message in the database becomes a letter on a mail server, and a lamp; nothing is made up."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivrserver.blocks import Account, Voicemail
from ivrserver.config import MailSettings
from ivrserver.flow.jobs import MAIL
from ivrserver.flow.records import JobOrdered, Record
from ivrserver.jobs.dispatcher import Dispatcher
from ivrserver.jobs.letters import Letters
from ivrserver.mail import Carrier, Lamplighter, PostOffice
from ivrserver.storage import Jobs, Mailboxes, Notices, database, migrate, open_journal
from tests.fakes import FakeLibrary
from tests.fakes.jobs import FakeEngine
from tests.unit.mail.letters import BERLIN, WAV, FakeLamps
from tests.unit.mail.mail_server import mail_server
from tests.unit.storage.records import START, message, opened, settings

BOX = Voicemail(block_id=300, name="Büro", email=("a@example.com",), phones=("desk",))


class Clock:
    """Wall-clock time that the test moves."""

    def __init__(self) -> None:
        self.time = START + timedelta(minutes=1)

    def now(self) -> datetime:
        return self.time


class Office:
    """What writes letters, and how a test has it done."""

    def __init__(
        self, database: AsyncEngine, mail: MailSettings, clock: Clock, known: set[str]
    ) -> None:
        async def recording(name: str) -> bytes:
            return WAV + name.encode()

        post = PostOffice(
            library=FakeLibrary(Account(blocks=(BOX,))), carrier=Carrier(mail),
            recording=recording, clock=clock, zone=BERLIN,
        )  # fmt: skip
        self.engine = FakeEngine(known)
        kind = Letters(Notices(database), post).kind()
        self.dispatcher = Dispatcher(Jobs(database), [kind], self.engine, clock)

    async def looks(self) -> bool:
        """Do what is due, to its end; False: there was nothing."""
        await self.dispatcher.open()
        found = await self.dispatcher.look()
        await asyncio.gather(*self.engine.tasks)
        return found


def letter_about(number: int) -> list[Record]:
    """A message, and that its owners are to be told."""
    left = message(number)
    order = JobOrdered(kind=MAIL, key=left.message_id, call_id="", at=left.at, due=left.at)
    return [left, order]


async def test_a_letter_waits_for_a_server_that_is_down_and_outlives_a_restart(
    database_url: str,
) -> None:
    clock, known = Clock(), set()
    async with mail_server() as server:
        mail = server.settings()
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            for record in (opened(), *letter_about(1)):
                journal.write(record)
            await journal.commit()
        with capture_logs() as logs:
            assert await Office(engine, mail, clock, known).looks()
        assert [entry["event"] for entry in logs] == ["mail_not_sent", "job_not_done"]
        assert not await Office(engine, mail, clock, known).looks(), "not at once again"
    async with database(settings(database_url)) as engine, mail_server(mail.port) as server:
        clock.time += timedelta(hours=1)
        post = Office(engine, mail, clock, known)
        assert await post.looks()
        assert not await post.looks()
        ((letter, told),) = server.letters
        assert told == ["a@example.com"]
        assert letter["Subject"] == "Büro: voice message from (212) 555-0123, 0:04"
        (attached,) = letter.iter_attachments()
        assert attached.get_content() == WAV + b"rec-call-1-1"


async def test_of_two_offices_on_one_database_only_one_sends_a_letter(database_url: str) -> None:
    clock, known = Clock(), set()
    async with database(settings(database_url)) as engine, mail_server() as server:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            journal.write(opened())
            for number in range(1, 7):
                for record in letter_about(number):
                    journal.write(record)
            await journal.commit()
        one, two = (Office(engine, server.settings(), clock, known) for _ in range(2))
        while any(await asyncio.gather(one.looks(), two.looks())):
            pass
        ids = [letter["Message-ID"] for letter, _ in server.letters]
    assert sorted(ids) == [f"<m-call-1-{number}@example.com>" for number in range(1, 7)]


async def test_the_lamp_follows_the_box(database_url: str) -> None:
    lamps = FakeLamps()
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        lighter = Lamplighter(Notices(engine), FakeLibrary(Account(blocks=(BOX,))), lamps)
        await lighter.look()
        async with open_journal(settings(database_url), engine) as journal:
            journal.write(opened())
            journal.write(message(1))
            await journal.commit()
        await lighter.look()
        await Mailboxes(engine).save("m-call-1-1")
        await lighter.look()
        await Mailboxes(engine).delete("m-call-1-1")
        await lighter.look()
    assert lamps.told == [("desk", 0, 0), ("desk", 1, 0), ("desk", 0, 1), ("desk", 0, 0)]
