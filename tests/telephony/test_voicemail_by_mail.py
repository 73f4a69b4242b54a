"""What a message that a caller leaves sets off: an e-mail with it, the lamp of a phone, a link."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from unittest.mock import ANY

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
import soundfile
from pydantic import SecretStr

from ivrserver import shelves
from ivrserver.blocks import Account, PhoneNumber, Prompt, ToBlock, Voicemail
from ivrserver.config import PhoneSettings
from ivrserver.demo import listening
from ivrserver.flow.events import PromptPlayed, RecordingEnded, RecordingStarted, VoicemailLeft
from ivrserver.flow.phrases import phrases
from ivrserver.storage import Accounts, Mailboxes
from tests.telephony.conftest import in_own_task
from tests.telephony.house import House, house_settings, open_house
from tests.telephony.lamp_phone import LampPhone, lamp_phone
from tests.unit.mail.mail_server import MailServer, mail_server
from tests.unit.recordings.places import SEALED, s3_address, s3_place
from tests.unit.storage.test_journal_on_databases import until

__all__ = ["s3_address"]

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

TOKEN = "a token of the tests"
PASSWORD = "a password of the tests"
PIN = "4711"
BOX = Voicemail(
    block_id=900, name="Büro", greeting=Prompt("Please leave a message."), review=False,
    email=("office@example.com",), phones=("desk",),
)  # fmt: skip
SHED = replace(BOX, block_id=902, name="Shed", envelope=False, email=(), phones=())
ACCOUNT = Account(
    numbers=(PhoneNumber("900", "", ToBlock(900)), PhoneNumber("902", "", ToBlock(902))),
    blocks=(BOX, SHED),
)


@dataclass
class Post:
    """A running server and the mail server that it knows."""

    house: House
    server: MailServer

    async def letter_about(self, number: str) -> tuple[str, bytes]:
        """Subject and attached recording of the letter about that caller, once it is there."""

        def letters() -> list[tuple[EmailMessage, list[str]]]:
            return [each for each in self.server.letters if number[-4:] in each[0]["Subject"]]

        await until(lambda: bool(letters()))
        ((letter, told),) = letters()
        assert told == ["office@example.com"]
        (attached,) = letter.iter_attachments()
        content = attached.get_content()
        assert isinstance(content, bytes)
        return letter["Subject"], content


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def post(tmp_path_factory: pytest.TempPathFactory, s3_address: str) -> AsyncIterator[Post]:
    """Recordings are kept in S3, encrypted, and leave Asterisk as soon as they are there."""
    settings = house_settings(tmp_path_factory.mktemp("house"))
    store = s3_place(s3_address, settings.data).configured(**SEALED, remove_after=0).store
    settings = settings.model_copy(update={"store": store})
    async with mail_server() as server:
        http = settings.http.model_copy(update={"token": SecretStr(TOKEN)})
        phones = {"desk": PhoneSettings(password=SecretStr(PASSWORD))}
        update = {"mail": server.settings(), "http": http, "phones": phones}
        settings = settings.model_copy(update=update)
        async with in_own_task(open_house(settings, ACCOUNT)) as house:
            yield Post(house, server)


async def messages(post: Post) -> tuple[list[str], list[str]]:
    """Ids of the new and of the saved messages in the box."""
    kept = await Mailboxes(post.house.engine).messages(BOX.block_id)
    new = [each.message_id for each in kept if each.new]
    return new, [each.message_id for each in kept if not each.new]


async def shows(phone: LampPhone, *, lit: bool, counts: str) -> None:
    """The lamp is told so in the end; news of before may come first."""
    while await phone.messages() != (lit, counts):
        pass


async def test_the_lamp_of_the_owners_phone_is_lit_until_the_message_is_saved(post: Post) -> None:
    async with lamp_phone(post.house.settings.sip.port, "desk", PASSWORD) as phone:
        phone.subscribe()
        new, saved = (len(kept) for kept in await messages(post))
        async with post.house.calling("900") as caller:
            await caller.sees(RecordingStarted)
            await caller.speak(await post.house.voice("It is about the red bicycle."))
            await caller.press("#")
            message_id = (await caller.waits()).one(VoicemailLeft).message_id
        await shows(phone, lit=True, counts=f"{new + 1}/{saved}")
        await Mailboxes(post.house.engine).save(message_id)
        await shows(phone, lit=new > 0, counts=f"{new}/{saved + 1}")


async def test_the_owner_gets_what_the_caller_said(post: Post) -> None:
    voice = await post.house.voice("Please call me back, it is about the blue bicycle.")
    async with post.house.calling("900") as caller:
        await caller.sees(RecordingStarted)
        await caller.speak(voice)
        await caller.press("#")
        call = await caller.waits()
    seconds = call.one(VoicemailLeft).seconds
    subject, recording = await post.letter_about(caller.number)
    number = caller.number
    assert subject.startswith(f"Büro: voice message from ({number[:3]}) {number[3:6]}-{number[6:]}")
    samples, rate = soundfile.read(io.BytesIO(recording))
    assert abs(len(samples) / rate - seconds) < 0.5
    said = listening.load(voice)
    heard = listening.contains_whole(np.asarray(samples, dtype=np.float32), said)
    assert heard, heard.reason


async def test_a_message_that_is_in_the_store_alone_is_heard_by_phone_and_by_link(
    post: Post,
) -> None:
    house = post.house
    voice = await house.voice("The green bicycle has a flat tyre.")
    async with house.calling("902") as caller:
        await caller.sees(RecordingStarted)
        await caller.speak(voice)
        await caller.press("#")
        name = (await caller.waits()).one(RecordingEnded).name
    await until(lambda: not house.recording(name).exists())
    await Mailboxes(house.engine).set_pin(SHED.block_id, PIN)
    async with house.calling("902") as owner:
        await owner.until(lambda event: isinstance(event, PromptPlayed))
        await owner.press(f"*{PIN}")
        await owner.until(
            lambda event: event == PromptPlayed(phrases("en-US").mailbox.message_menu, ANY)
        )
        heard = (await owner.hangs_up()).heard
    found = listening.contains_whole(heard, listening.load(voice))
    assert found, found.reason
    links = await shelves.links(house.settings, house.engine)
    address = links.link(name, datetime.now(UTC) + timedelta(hours=1))
    async with aiohttp.ClientSession() as session, session.get(address) as reply:
        assert (reply.status, reply.content_type) == (200, "audio/wav")
        samples, _ = soundfile.read(io.BytesIO(await reply.read()), dtype="float32")
    found = listening.contains_whole(samples, listening.load(voice))
    assert found, found.reason


async def test_a_greeting_that_was_uploaded_is_what_callers_hear(post: Post) -> None:
    spoken = await post.house.voice("Nobody is at the desk of the bicycle shop.")
    file = io.BytesIO()
    samples, rate = soundfile.read(spoken)
    soundfile.write(file, samples, rate, format="FLAC")
    http = post.house.settings.http
    async with (
        aiohttp.ClientSession(f"http://{http.host}:{http.port}") as session,
        session.post(
            "/api/v1/audio", params={"name": "desk.flac"}, data=file.getvalue(),
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as reply,
    ):  # fmt: skip
        assert reply.status == 201, await reply.text()
    greeted = Voicemail(block_id=901, name="Desk", greeting=Prompt(audio="desk.flac"))
    folder = post.house.settings.audio_folder
    await Accounts(post.house.engine, folder).apply(
        Account((PhoneNumber("901", "", ToBlock(901)),), (greeted,))
    )
    await asyncio.sleep(2.0)  # the running server looks for changes every second
    async with post.house.calling("901") as caller:
        await caller.sees(RecordingStarted)
        call = await caller.hangs_up()
    assert "desk.flac" in call.all(PromptPlayed)[0].text
    whole = listening.contains_whole(call.heard, listening.load(spoken))
    assert whole, whole.reason
