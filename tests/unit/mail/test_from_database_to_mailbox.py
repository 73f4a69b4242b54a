"""A message in the database becomes a letter on a mail server, and a lamp; nothing is made up."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivrserver.blocks import Account, Voicemail
from ivrserver.config import MailSettings
from ivrserver.mail import Carrier, Lamplighter, PostOffice
from ivrserver.storage import Mailboxes, Outbox, database, migrate, open_journal
from tests.fakes import FakeLibrary
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


def office(engine: AsyncEngine, mail: MailSettings, clock: Clock, lamps: FakeLamps) -> PostOffice:
    async def recording(name: str) -> bytes:
        return WAV + name.encode()

    outbox, library = Outbox(engine), FakeLibrary(Account(blocks=(BOX,)))
    return PostOffice(
        outbox=outbox, library=library, carrier=Carrier(mail), recording=recording,
        lamplighter=Lamplighter(outbox, library, lamps), clock=clock, zone=BERLIN,
        chance=random.Random(1),
    )  # fmt: skip


async def test_a_letter_waits_for_a_server_that_is_down_and_outlives_a_restart(
    database_url: str,
) -> None:
    clock, lamps = Clock(), FakeLamps()
    async with mail_server() as server:
        mail = server.settings()
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            journal.write(opened())
            journal.write(message(1))
            await journal.commit()
        with capture_logs() as logs:
            assert await office(engine, mail, clock, lamps).deliver_due()
        assert [entry["event"] for entry in logs] == ["mail_not_sent"]
        assert not await office(engine, mail, clock, lamps).deliver_due(), "not at once again"
    async with database(settings(database_url)) as engine, mail_server(mail.port) as server:
        clock.time += timedelta(hours=1)
        post = office(engine, mail, clock, lamps)
        assert await post.deliver_due()
        assert not await post.deliver_due()
        ((letter, told),) = server.letters
        assert told == ["a@example.com"]
        assert letter["Subject"] == "Büro: voice message from (212) 555-0123, 0:04"
        (attached,) = letter.iter_attachments()
        assert attached.get_content() == WAV + b"rec-call-1-1"


async def test_of_two_offices_on_one_database_only_one_sends_a_letter(database_url: str) -> None:
    clock, lamps = Clock(), FakeLamps()
    async with database(settings(database_url)) as engine, mail_server() as server:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            journal.write(opened())
            for number in range(1, 7):
                journal.write(message(number))
            await journal.commit()
        one, two = (office(engine, server.settings(), clock, lamps) for _ in range(2))
        while await one.deliver_due() or await two.deliver_due():
            pass
        ids = [letter["Message-ID"] for letter, _ in server.letters]
    assert sorted(ids) == [f"<m-call-1-{number}@example.com>" for number in range(1, 7)]


async def test_the_lamp_follows_the_box(database_url: str) -> None:
    clock, lamps = Clock(), FakeLamps()
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        lighter = office(engine, MailSettings(), clock, lamps).lamplighter
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
