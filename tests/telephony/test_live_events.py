"""A real call is told to whoever listens, within a second, whichever controller carries it."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from pathlib import Path

import pytest

from ivrserver.flow.event_kinds import kind_of
from ivrserver.storage import Calls
from tests.telephony.customer import HANG_UP, Reply
from tests.telephony.house import house_settings, open_site
from tests.telephony.lost.scene import LOST
from tests.telephony.nodes import Node, nodes_of
from tests.unit.web.live.ears import Ears, Event, listening

pytestmark = pytest.mark.telephony

TOKEN = "a token of twenty letters"


async def heard(ears: Ears) -> tuple[list[Event], float]:
    """The timeline of the next call, and by how many seconds its slowest event was late."""
    events, late = [], 0.0
    while not events or events[-1].data["kind"] != "call_ended":
        events.append(await ears.next("timeline"))
        happened = datetime.fromisoformat(events[-1].data["at"])
        late = max(late, time.time() - happened.timestamp())
    return events, late


async def test_two_controllers_tell_the_same_call_within_a_second(tmp_path: Path) -> None:
    async with (
        open_site(house_settings(tmp_path), flows=[LOST]) as site,
        nodes_of(site.settings) as nodes,
    ):
        both = [await nodes.start(number, IVRSERVER_HTTP__TOKEN=TOKEN) for number in (1, 2)]

        def stream(node: Node, query: str = "") -> object:
            address = f"http://127.0.0.1:{node.http}"
            return listening(address, query, Authorization=f"Bearer {TOKEN}")

        async with stream(both[0]) as first, stream(both[1]) as second:
            for ears in (first, second):
                await ears.next("account")
            listening_tasks = [asyncio.create_task(heard(ears)) for ears in (first, second)]
            async with site.calling("8050", Reply(HANG_UP)) as caller:
                await caller.asked("code")
                await caller.press("0123")
                await caller.asked("key")
                await caller.press("*")
                await caller.waits()
            (one, late_one), (two, late_two) = await asyncio.gather(*listening_tasks)
            assert [event.data for event in one] == [event.data for event in two]
            call_id = one[0].data["call_id"]
            details = await Calls(site.engine).details(call_id)
            assert details is not None
            told = [event.data["kind"] for event in one]
            assert told == [kind_of(entry.event) for entry in details.timeline]
            assert max(late_one, late_two) < 1.0

            async with stream(both[1], f"?call={call_id}") as again:
                assert [(await again.next("timeline")).data for _ in told] == [
                    event.data for event in one
                ]
                # Whoever listens does not keep a controller from stopping.
                assert await asyncio.wait_for(both[1].stop(), 10) == 0
                assert {event.kind for event in await again.over()} <= {"calls", "storage"}
        await site.nothing_is_left()
