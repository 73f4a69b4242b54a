"""What callers say becomes text: of an answer the web server is told, of a message its owner."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from ivrserver.config import Settings, StoreSettings
from ivrserver.flow.events import RecordingStarted, VoicemailLeft
from ivrserver.flow.transcribed import Transcribed, VoicemailTranscribed
from ivrserver.storage import Calls, Inbox
from ivrserver.storage.reports import TextState
from tests.telephony.caller import Outcome
from tests.telephony.customer import SAID, Asked
from tests.telephony.house import Site, house_settings, open_house, open_site
from tests.telephony.nodes import nodes_of
from tests.unit.mail.mail_server import mail_server
from tests.unit.recordings.places import SEALED
from tests.unit.webhooks.servers import Exchange, serving

pytestmark = pytest.mark.telephony

FLOWS = Path(__file__).with_name("transcription.yaml")
WISH = "Please call me back tomorrow morning about the blue bicycle."
PATIENCE = 60.0


def sealed(data: Path) -> Settings:
    """A house whose recordings are encrypted in the store."""
    return house_settings(data).model_copy(update={"store": StoreSettings(**SEALED)})


async def speaks(site: Site) -> Outcome:
    """Somebody calls and says what they wish."""
    async with site.calling("8070") as caller:
        await caller.listens("wish")
        await asyncio.sleep(0.6)  # the tone
        await caller.speak(await site.voice(WISH))
        await caller.press("#")
        return await caller.waits()


async def told(site: Site, call: Outcome) -> Asked:
    """What the customer is told about the caller's only answer, once they are."""
    (run,) = call.details.respondents
    async with asyncio.timeout(PATIENCE):
        while not site.customer.told[run.response_id]:  # noqa: ASYNC110 - it comes over the wire
            await asyncio.sleep(site.poll)
    (asked,) = site.customer.told[run.response_id]
    return asked


async def check(site: Site, call: Outcome, asked: Asked) -> None:
    """It is what the reference says, and what was said; and it is shown with the answer."""
    (run,) = call.details.respondents
    (recording,) = call.details.recordings
    assert (asked.method, asked.path) == ("GET", SAID)
    assert asked.query.startswith("auth=a%2Fb&survo_id=70&")
    given = dict(asked.parameters)
    assert list(given) == [
        "auth", "survo_id", "unique_id", "question", "duration", "date", "text",
    ]  # fmt: skip
    assert (given["unique_id"], given["question"]) == (run.response_id, "2")
    assert given["duration"] == str(round(recording.seconds))
    assert time.strptime(given["date"], "%Y-%m-%d %H:%M:%S")
    assert_said(given["text"])
    details = await Calls(site.engine).details(call.details.call.call_id)
    assert details is not None
    (answer,) = details.respondents[0].answers
    assert (answer.said, answer.engine) == (given["text"], "pocketsphinx")
    events = [entry.event for entry in details.timeline]
    assert Transcribed(7, "wish", given["text"], "pocketsphinx") in events


def assert_said(text: str) -> None:
    """Most of the wish is in it: the engine makes a draft."""
    words = {"call", "tomorrow", "morning", "blue", "bicycle"}
    assert len(words & set(text.split())) >= 3, text


async def test_a_recorded_answer_is_written_down_and_told(tmp_path: Path) -> None:
    async with open_house(sealed(tmp_path), flows=[FLOWS]) as house:
        call = await speaks(house)
        await check(house, call, await told(house, call))
        await house.nothing_is_left()


async def test_a_message_is_in_the_inbox_as_text_and_in_the_one_letter_about_it(
    tmp_path: Path,
) -> None:
    async with mail_server() as server:
        settings = sealed(tmp_path).model_copy(update={"mail": server.settings()})
        async with open_house(settings, flows=[FLOWS]) as house:
            async with house.calling("8071") as caller:
                await caller.sees(RecordingStarted)
                await caller.speak(await house.voice(WISH))
                await caller.press("#")
                call = await caller.waits()
            left = call.one(VoicemailLeft)
            async with asyncio.timeout(PATIENCE):
                while not server.letters:  # noqa: ASYNC110 - it comes over the wire
                    await asyncio.sleep(house.poll)
            found = await Inbox(house.engine).one(left.message_id)
            details = await Calls(house.engine).details(call.details.call.call_id)
            await house.nothing_is_left()
    assert found is not None
    assert found.said is not None
    assert (found.said.state, found.said.engine) == (TextState.DONE, "pocketsphinx")
    assert_said(found.said.text)
    ((letter, told),) = server.letters
    body = letter.get_body(("plain",))
    assert body is not None
    assert found.said.text in body.get_content()
    assert told == ["office@example.com"]
    assert details is not None
    words = len(found.said.text.split())
    event = VoicemailTranscribed(left.message_id, 71, words, "pocketsphinx")
    assert event in [entry.event for entry in details.timeline]


async def test_a_controller_killed_meanwhile_leaves_it_to_its_next_start(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def hang(exchange: Exchange) -> None:
        asked.set()
        await asyncio.sleep(3600)

    async with (
        open_site(house_settings(tmp_path), flows=[FLOWS]) as site,
        nodes_of(site.settings) as nodes,
        serving(hang) as slow,
    ):
        first = await nodes.start(
            1,
            IVRSERVER_TRANSCRIPTION__ENGINES='["openai"]',
            IVRSERVER_TRANSCRIPTION__OPENAI_URL=slow.url,
        )
        call = await speaks(site)
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
        await first.kill()
        assert not site.customer.told
        await nodes.start(1)
        await check(site, call, await told(site, call))
