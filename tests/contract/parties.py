"""The far end of a channel, driven by the test: the fake one, and one behind a real Asterisk."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import aiohttp
import numpy as np
import soundfile

from ivrserver.config import Settings, TrunkSettings
from ivrserver.flow.ports import Channel, IncomingCall, Sound
from ivrserver.telephony.switchboard import Handler, Switchboard
from tests.fakes import FakeChannel

RATE = 8000
TONE = 600
"""Hertz; what people sound like when they speak."""


class Party(Protocol):
    """A person at the far end of `channel`."""

    @property
    def channel(self) -> Channel:
        """What is tested."""

    def sound(self, seconds: float) -> Sound:
        """Something that `channel` can play."""

    async def press(self, keys: str) -> None:
        """Press `keys`; returns when they have been sent."""

    async def speak(self, seconds: float) -> None:
        """Begin to speak for so long, and to be silent afterwards."""

    async def leave(self) -> None:
        """Hang up."""


class FakeParty:
    """Drives the fake channel; real time, like the other one."""

    def __init__(self) -> None:
        self.channel = FakeChannel()

    def sound(self, seconds: float) -> Sound:
        return Sound(f"say:{seconds}", seconds)

    async def press(self, keys: str) -> None:
        self.channel.press(keys)

    async def speak(self, seconds: float) -> None:
        self.channel.talks = seconds

    async def leave(self) -> None:
        self.channel.leave()


def make_sound(folder: Path, seconds: float, silence: float = 0) -> str:
    """URI of a tone, with silence behind it."""
    path = folder / f"tone-{seconds:g}-{silence:g}.wav"
    if not path.exists():
        times = np.arange(int(seconds * RATE)) / RATE
        tone = np.concatenate(
            [np.sin(2 * np.pi * TONE * times) * 0.4, np.zeros(int(silence * RATE))]
        )
        soundfile.write(path, tone, RATE, subtype="PCM_16")
    return f"sound:{path.with_suffix('')}"


class Peer:
    """An ARI application of its own that plays the far ends: not the code under test."""

    def __init__(
        self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse, app: str
    ) -> None:
        self._session, self._socket, self._app = session, socket, app
        self._entered: dict[str, asyncio.Event] = {}

    async def listen(self) -> None:
        """Read events until cancelled."""
        async for message in self._socket:
            event = message.json()
            if event["type"] == "StasisStart" and event["channel"]["id"] in self._entered:
                self._entered[event["channel"]["id"]].set()

    async def ask(self, method: str, path: str, **parameters: str) -> object:
        async with self._session.request(method, path, params=parameters) as response:
            if response.status == 404:  # It has left already.
                return None
            response.raise_for_status()
            return await response.json() if response.status == 200 else None

    async def call(self, number: str, caller: str = "", formats: str = "slin") -> str:
        """Let somebody dial `number`, their audio in one of `formats`; their channel's id."""
        channel_id = f"peer-{uuid4()}"
        entered = self._entered[channel_id] = asyncio.Event()
        await self.ask(
            "POST",
            "channels/create",
            endpoint=f"Local/{number}@inbound/n",
            app=self._app,
            channelId=channel_id,
            formats=formats,
        )
        async with asyncio.timeout(5):
            await entered.wait()
        if caller:
            for name in ("CALLERID(num)", "CONNECTEDLINE(num)"):
                await self.ask(
                    "POST", f"channels/{channel_id}/variable", variable=name, value=caller
                )
        await self.ask("POST", f"channels/{channel_id}/dial")
        return channel_id


@asynccontextmanager
async def peer(settings: Settings) -> AsyncIterator[Peer]:
    ari, app = settings.ari, f"peer-{uuid4()}"
    login = f"{ari.username}:{ari.password.get_secret_value()}".encode()
    async with (
        aiohttp.ClientSession(
            base_url=f"http://{ari.host}:{ari.port}/ari/",
            headers={"Authorization": f"Basic {base64.b64encode(login).decode()}"},
        ) as session,
        session.ws_connect("events", params={"app": app}) as socket,
    ):
        far_end = Peer(session, socket, app)
        reader = asyncio.create_task(far_end.listen())
        yield far_end
        reader.cancel()
        await asyncio.wait({reader})


class RealParty:
    """Somebody on the far half of a Local channel of a real Asterisk."""

    def __init__(self, peer: Peer, channel_id: str, channel: Channel, folder: Path) -> None:
        self._peer, self._id, self._folder = peer, channel_id, folder
        self.channel = channel
        self._speech = ""

    def sound(self, seconds: float) -> Sound:
        return Sound(make_sound(self._folder, seconds), seconds)

    async def press(self, keys: str) -> None:
        if self._speech:
            # Asterisk sends keys only when the channel's media has ended.
            await self._peer.ask("DELETE", f"playbacks/{self._speech}")
        await self._peer.ask(
            "POST", f"channels/{self._id}/dtmf", dtmf=keys, between="60", duration="60"
        )
        await asyncio.sleep(0.2 + 0.14 * len(keys))

    async def speak(self, seconds: float) -> None:
        media = make_sound(self._folder, seconds, silence=30)
        self._speech = f"speech-{uuid4()}"
        await self._peer.ask("POST", f"channels/{self._id}/play/{self._speech}", media=media)

    async def leave(self) -> None:
        await self._peer.ask("DELETE", f"channels/{self._id}")


class Exchange:
    """A switchboard under test, its calls handed to the test instead of a flow."""

    def __init__(
        self, switchboard: Switchboard, peer: Peer, folder: Path, settings: Settings
    ) -> None:
        self.switchboard, self.peer, self.folder = switchboard, peer, folder
        self.settings = settings
        self.running = asyncio.create_task(switchboard.run(self.handle))
        self._arrived: asyncio.Queue[tuple[Channel, IncomingCall]] = asyncio.Queue()
        self.carry: Handler = self.hold
        """Carries the calls; a test may put its own here."""

    async def handle(self, channel: Channel, call: IncomingCall) -> None:
        await self.carry(channel, call)

    async def hold(self, channel: Channel, call: IncomingCall) -> None:
        """Keep the call for `arrival` until it ends."""
        self._arrived.put_nowait((channel, call))
        await asyncio.wait({channel.gone})

    async def arrival(self) -> tuple[Channel, IncomingCall]:
        """The next call that reached us."""
        async with asyncio.timeout(5):
            return await self._arrived.get()

    async def party(
        self, number: str = "2125550100", caller: str = "", formats: str = "slin"
    ) -> RealParty:
        """Somebody who has just called, and is answered."""
        channel_id = await self.peer.call(number, caller, formats)
        channel, _ = await self.arrival()
        await channel.answer()
        return RealParty(self.peer, channel_id, channel, self.folder)

    async def leftovers(self) -> list[str]:
        """Channels, bridges and unfinished recordings in Asterisk, after a moment to clear up."""
        left: list[str] = []
        for _ in range(50):
            found = [await self.peer.ask("GET", kind) for kind in ("channels", "bridges")]
            left = [f"{thing}" for things in found for thing in things]  # type: ignore[attr-defined]
            left += [f"{file}" for file in self.settings.recording_folder.glob("*.sln")]
            if not left:
                break
            await asyncio.sleep(0.1)
        return left


@asynccontextmanager
async def exchange(
    settings: Settings, folder: Path, *, tested: Settings | None = None
) -> AsyncIterator[Exchange]:
    """A switchboard connected to the Asterisk of `settings`; leaves nothing behind.

    `tested`: settings of the switchboard, where they are others.
    """
    switchboard = Switchboard(tested or settings)
    async with peer(settings) as far_end:
        board = Exchange(switchboard, far_end, folder, settings)
        running = board.running
        try:
            async with asyncio.timeout(10):
                await switchboard.ready.wait()
            yield board
            assert await board.leftovers() == []
        finally:
            running.cancel()
            await asyncio.wait({running})


def with_trunk_to_itself(settings: Settings) -> Settings:
    """Let the carrier be this Asterisk: what it dials comes back as a call over SIP."""
    itself = TrunkSettings(host="127.0.0.1", port=settings.sip.port)
    return settings.model_copy(update={"trunks": {"itself": itself}})
