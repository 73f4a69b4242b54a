"""What happens is told within a moment, to everybody who listens, without loss or doubles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from fastapi import APIRouter, HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Visitor, http_token_visitor
from ivrserver.errors import StorageError
from ivrserver.flow.events import CallAnswered, CallEnded, CallStarted, Warned
from ivrserver.flow.records import CallClosed, TimelineEntry
from ivrserver.flow.transcribed import VoicemailTranscribed
from ivrserver.storage import LiveCalls, database, migrate, open_journal
from ivrserver.storage.journal import Journal
from ivrserver.storage.journal import Pace as StoringPace
from ivrserver.storage.reports.live import CallState, NumberedEvent
from ivrserver.web.app import plain_app
from ivrserver.web.guarded import Limits
from ivrserver.web.live import Live, event_routes, watch
from ivrserver.web.live.watch import Pace
from tests.unit.storage.records import (
    message,
    message_transcribed,
    opened,
    recording,
    settings,
)
from tests.unit.web.live.ears import SOON, listening
from tests.unit.web.serving import serving


class Wall:
    def now(self) -> datetime:
        return datetime.now(UTC)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.02)


@dataclass(eq=False)
class Door:
    """Lets in as it is told to."""

    open: bool = True
    asked: int = 0

    async def __call__(self, request: Request) -> Visitor:
        self.asked += 1
        if not self.open:
            raise HTTPException(401, "the session is over")
        return http_token_visitor(request.client.host if request.client else "")


@dataclass
class Breakable:
    """The database, which can be away."""

    source: LiveCalls
    away: bool = False
    looks: int = 0
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    """Happens once, between a look and the reading of what has come."""

    async def look(self, now: datetime, known: dict[str, CallState]) -> dict[str, CallState]:
        self.looks += 1
        self.looked.set()
        if self.away:
            raise StorageError("away")
        return await self.source.look(now, known)

    async def after(self, call_id: str, seq: int, limit: int = 500) -> list[NumberedEvent]:
        if self.away:
            raise StorageError("away")
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            await happens()
        return await self.source.after(call_id, seq, limit)


@dataclass
class House:
    """A controller's web server, and the journals of two controllers."""

    address: str
    live: Live
    source: Breakable
    door: Door
    journals: tuple[Journal, Journal]
    revision: list[int]
    running: asyncio.Task[None]

    async def happens(self, call_id: str, *events: object, by: int = 0) -> None:
        for event in events:
            entry = TimelineEntry(call_id, Wall().now(), event)  # type: ignore[arg-type]
            self.journals[by].write(entry)
        await self.journals[by].commit()

    async def call(self, call_id: str, by: int = 0) -> None:
        self.journals[by].write(opened(call_id, Wall().now()))
        await self.happens(call_id, CallStarted("2125550100", "2125550123"), by=by)


@asynccontextmanager
async def house(
    engine: AsyncEngine, url: str, pace: Pace, limits: Limits | None = None
) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        journals = [
            await stack.enter_async_context(open_journal(settings(url), engine)) for _ in range(2)
        ]
        source, door, revision = Breakable(LiveCalls(engine)), Door(), [7]
        live = Live(source, lambda: revision[0], Wall(), pace)
        running = asyncio.create_task(live.run())
        router = APIRouter(prefix="/api/v1")
        router.include_router(event_routes(live, door))
        address = await stack.enter_async_context(serving(plain_app(router), limits))
        yield House(address, live, source, door, tuple(journals), revision, running)  # type: ignore[arg-type]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[House]:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with house(engine, database_url, Pace(look=0.05, linger=0.3, check=0.2)) as place:
            yield place


async def test_a_call_is_told_while_it_goes_on_whoever_carries_it(place: House) -> None:
    async with listening(place.address) as ears:
        assert (await ears.next("calls")).data == {"live": 0, "changed": []}
        assert (await ears.next("account")).data == {"revision": 7}
        await place.call("one", by=0)
        started = await ears.next("timeline")
        assert (started.data["call_id"], started.data["kind"]) == ("one", "call_started")
        assert started.data["data"] == {"number_called": "2125550100", "caller_id": "2125550123"}
        assert (await ears.next("calls")).data == {"live": 1, "changed": ["one"]}
        await place.call("two", by=1)
        assert (await ears.next("timeline")).data["call_id"] == "two"
        assert (await ears.next("calls")).data["live"] == 2
        place.journals[1].write(CallClosed(call_id="two", at=Wall().now(), reason="hung_up"))
        await place.happens("two", CallEnded("hung_up", "the end"), by=1)
        assert (await ears.next("timeline")).data["data"]["reason"] == "hung_up"
        assert (await ears.next("calls")).data == {"live": 1, "changed": ["two"]}


async def test_what_is_stored_while_it_is_looked_for_is_told_once(place: House) -> None:
    async with listening(place.address) as ears:
        await ears.next("account")
        place.source.meanwhile = lambda: place.happens("one", CallAnswered())
        await place.call("one")
        kinds = [(await ears.next("timeline")).data["kind"] for _ in range(2)]
        place.journals[0].write(CallClosed(call_id="one", at=Wall().now(), reason="hung_up"))
        await place.happens("one", CallEnded("hung_up", "the end"))
        kinds.append((await ears.next("timeline")).data["kind"])
        assert kinds == ["call_started", "call_answered", "call_ended"]


async def test_what_is_written_down_long_after_a_call_is_told_and_nothing_else_of_it(
    place: House,
) -> None:
    now, old = Wall().now(), Wall().now() - timedelta(hours=1)
    journal = place.journals[0]
    for record in (
        opened("old", old), recording("old"), TimelineEntry("old", old, CallAnswered()),
        replace(message(1, 300, "old"), recording="rec-old"),
        CallClosed(call_id="old", at=old, reason="hung_up"),
    ):  # fmt: skip
        journal.write(record)
    await journal.commit()
    async with listening(place.address) as ears:
        assert (await ears.next("calls")).data == {"live": 0, "changed": []}
        journal.write(replace(message_transcribed(1, "old", name="rec-old"), at=now))
        await place.happens("old", VoicemailTranscribed("m-old-1", 300, 3, "pocketsphinx"))
        told = await ears.next("timeline")
        assert (told.data["kind"], told.data["data"]["words"]) == ("voicemail_transcribed", 3)
        assert (await ears.next("calls")).data == {"live": 0, "changed": ["old"]}


async def test_one_call_is_told_from_its_beginning_and_only_that(place: House) -> None:
    await place.call("one")
    await place.happens("one", CallAnswered())
    await place.call("two")
    async with listening(place.address, "?call=one&types=timeline") as ears:
        kinds = [(await ears.next("timeline")).data["kind"] for _ in range(2)]
        await place.happens("two", Warned("not for these ears"))
        await place.happens("one", Warned("for these"), by=1)
        last = await ears.next()
    assert kinds == ["call_started", "call_answered"]
    assert (last.data["call_id"], last.data["data"]) == ("one", {"text": "for these"})
    assert last.event_id == str(last.data["seq"])


async def test_what_is_no_id_of_an_event_breaks_no_stream(place: House) -> None:
    await place.call("one")
    for after in ("9" * 30, "%C2%B2", "x"):
        query = f"?call=one&types=calls&types=timeline&after={after}"
        async with listening(place.address, query) as ears:
            await ears.next("calls")
            await place.happens("one", CallAnswered())
            assert (await ears.next("calls")).data["changed"] == ["one"], after


async def test_a_stream_of_one_call_goes_on_without_loss_or_doubles(place: House) -> None:
    await place.call("one")
    texts: list[str] = []
    last = ""

    async def talk() -> None:
        for number in range(40):
            await place.happens("one", Warned(str(number)), by=number % 2)

    talking = asyncio.create_task(talk())
    while len(texts) < 40:
        headers = {"Last_Event_ID": last} if last else {}
        async with listening(place.address, "?call=one&types=timeline", **headers) as ears:
            for _ in range(7):
                event = await ears.next("timeline")
                last = event.event_id
                if event.data["kind"] == "warned":
                    texts.append(event.data["data"]["text"])
                if len(texts) == 40:
                    break
    await talking
    assert sorted(texts, key=int) == [str(number) for number in range(40)]


async def test_a_stream_of_all_calls_goes_on_without_loss_or_doubles(place: House) -> None:
    seen: list[str] = []
    async with listening(place.address, "?types=timeline") as first:
        assert (await first.next()).data == {"away": False}
        await place.call("one")
        seen.append((await first.next("timeline")).data["kind"])
        last = first.last_id
    await place.happens("one", CallAnswered(), Warned("a"))
    async with listening(place.address, "?types=timeline", Last_Event_ID=last) as second:
        assert (await second.next()).kind == "storage"
        events = [await second.next() for _ in range(2)]
        await place.happens("one", Warned("b"))
        events.append(await second.next())
    assert [event.data["kind"] for event in events] == ["call_answered", "warned", "warned"]
    assert [event.kind for event in events] == ["timeline"] * 3


@pytest.mark.parametrize("last", ["0", "ffffffff-3", "-", "x-y", "9" * 60, "%s-999999"])
async def test_who_cannot_go_on_is_told_so(place: House, last: str) -> None:
    async with listening(place.address) as first:
        await first.next()
        shown = last.replace("%s", place.live.line)
        async with listening(place.address, "", Last_Event_ID=shown) as second:
            assert (await second.next()).kind == "reset"
            assert (await second.next()).kind == "storage"


async def test_who_is_away_for_longer_than_the_news_are_kept_is_told_so(place: House) -> None:
    async with listening(place.address) as ears:
        await ears.next("calls")
        last = ears.last_id
    await until(lambda: not place.live._wanted.is_set())
    async with listening(place.address, "", Last_Event_ID=last) as ears:
        assert (await ears.next()).kind == "reset"


async def test_nobody_looks_while_nobody_listens(place: House) -> None:
    assert place.source.looks == 0
    async with listening(place.address) as ears:
        await ears.next("calls")
    await until(lambda: not place.live._wanted.is_set())
    looks = place.source.looks
    await place.call("unheard")
    assert place.source.looks == looks
    assert place.live.listeners == 0


async def test_a_newer_revision_of_the_account_is_told(place: House) -> None:
    async with listening(place.address, "?types=account") as ears:
        assert (await ears.next("account")).data == {"revision": 7}
        place.revision[0] = 8
        assert (await ears.next()).data == {"revision": 8}


async def test_without_the_database_the_stream_stays_and_says_so(place: House) -> None:
    async with listening(place.address) as ears:
        await ears.next("account")
        place.source.away = True
        assert (await ears.next()).data == {"away": True}
        await place.call("meanwhile")
        place.source.away = False
        assert (await ears.next()).data == {"away": False}
        assert (await ears.next()).data["call_id"] == "meanwhile"


async def test_who_comes_while_the_database_is_away_is_told_so_and_then_served(
    place: House,
) -> None:
    place.source.away = True
    async with listening(place.address, "?call=one") as ears:
        assert (await ears.next()).data == {"away": True}
        await place.call("one")
        place.source.away = False
        assert (await ears.next()).data == {"away": False}
        assert (await ears.next("timeline")).data["kind"] == "call_started"


async def test_the_stream_ends_with_the_right_to_listen(place: House) -> None:
    async with listening(place.address) as ears, listening(place.address, "?call=x") as other:
        await ears.next("account")
        place.door.open = False
        assert await ears.over() == []
        assert all(event.kind in ("storage", "calls", "account") for event in await other.over())


async def test_strangers_hear_nothing(place: House) -> None:
    place.door.open = False
    async with aiohttp.request("GET", f"{place.address}/api/v1/events") as reply:
        assert reply.status == 401
        assert "session is over" in await reply.text()
    assert place.live.listeners == 0


async def test_the_server_stops_at_once_though_somebody_listens(place: House) -> None:
    async with listening(place.address) as ears:
        await ears.next("account")
        place.running.cancel()
        assert await ears.over() == []


async def test_there_are_only_so_many_listeners(
    place: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MOST_OF_ONE", 2)
    async with listening(place.address) as one, listening(place.address) as two:
        await one.next()
        await two.next()
        async with aiohttp.request("GET", f"{place.address}/api/v1/events") as reply:
            assert (reply.status, reply.headers["Retry-After"]) == (503, "10")
    await until(lambda: place.live.listeners == 0)


async def test_who_reads_nothing_is_dropped_and_holds_up_nobody(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(database(settings(database_url)))
        await migrate(engine)
        place = await stack.enter_async_context(
            house(engine, database_url, Pace(look=0.02), Limits(stall=0.3))
        )
        host, port = place.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        stack.callback(writer.close)
        writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"event: account")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        ears = await stack.enter_async_context(listening(place.address))
        await ears.next("account")
        for number in range(200):
            big = {"live": number, "changed": ["x" * 100_000]}
            place.live.news.tell(watch.Topic.CALLS, big)
            assert (await ears.next("calls")).data["live"] == number
        await until(lambda: place.live.listeners == 1)


async def test_a_listener_who_is_too_slow_for_what_is_kept_is_told_so(place: House) -> None:
    async with listening(place.address, "?types=calls") as ears:
        await ears.next("calls")
        # All at once, more than the line keeps: nothing is read in between.
        for number in range(3000):
            place.live.news.tell(watch.Topic.CALLS, {"live": number, "changed": []})
        assert (await ears.next()).kind == "reset"
        place.live.news.tell(watch.Topic.CALLS, {"live": 1, "changed": []})
        assert (await ears.next()).data["live"] == 1


def test_what_happens_is_told_within_a_second() -> None:
    # At the latest stored, then at the latest looked at; tests/telephony measures a real call.
    assert StoringPace().linger + Pace().look <= 0.7


def test_the_types_of_events_are_those_that_are_described() -> None:
    described = (event_routes.__globals__["__doc__"] or "").count("\n``")
    assert described == len(watch.Topic)
