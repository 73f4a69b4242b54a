"""A stand-in for the typed ARI client: does nothing by itself, and remembers what was asked."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Mapping, Sequence
from typing import Any

from ivrserver.errors import TelephonyError
from ivrserver.flow.kept import Replay, no_replay
from ivrserver.telephony.client import Ari
from ivrserver.telephony.router import Event


def wav(seconds: float, amplitude: int = 0) -> bytes:
    """A WAV file as Asterisk records it."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(amplitude.to_bytes(2, "little", signed=True) * int(seconds * 8000))
    return buffer.getvalue()


class FakeAri(Ari):
    """What it returns and raises can be changed at any time.

    Attributes:
        asked: what was asked, in order.
        errors: to be raised, in order, by method name.
        known: whether playbacks and recordings still exist.
        packets: RTP packets received, at each look; the last one stays.
        file: every recording.
        slow: playing is not answered.
        present: whether channels are still there.
        sip: SIP objects made, by kind and name, and their fields.
        states: of SIP endpoints by name, as Asterisk reports them.
        talking: channels of SIP endpoints, by name.
        modules: those loaded.
    """

    def __init__(self) -> None:
        self.application, self.asterisk = "ivr-main-1", "main"
        self.asked: list[str] = []
        self.errors: dict[str, list[TelephonyError]] = {}
        self.elsewhere: Replay = no_replay
        self.known = True
        self.packets: list[int | None] = [None]
        self.file = wav(1)
        self.slow = False
        self.present = True
        self.sip: dict[tuple[str, str], Mapping[str, str]] = {}
        self.states: dict[str, str] = {}
        self.talking: dict[str, list[str]] = {}
        self.modules: set[str] = set()

    def _ask(self, name: str, *details: object) -> None:
        self.asked.append(" ".join(map(str, (name, *details))))
        if errors := self.errors.get(name):
            raise errors.pop(0)

    async def has_channel(self, channel_id: str) -> bool:
        self._ask("has_channel")
        return self.present

    async def play(self, channel_id: str, playback_id: str, media: Sequence[str]) -> None:
        if self.slow:
            await asyncio.sleep(3600)
        self._ask("play", *media)

    async def stop_playback(self, playback_id: str) -> bool:
        self._ask("stop_playback")
        return self.known

    async def is_playing(self, playback_id: str) -> bool:
        self._ask("is_playing")
        return self.known

    async def record(self, channel_id: str, name: str, **details: Any) -> None:
        self._ask("record", details["max_seconds"], details["silence"], details["terminator"])

    async def stop_recording(self, name: str) -> bool:
        self._ask("stop_recording")
        return self.known

    async def is_recording(self, name: str) -> bool:
        self._ask("is_recording")
        return self.known

    async def has_recording(self, name: str) -> bool:
        self._ask("has_recording", name)
        return self.known

    async def recording_file(self, name: str) -> bytes:
        self._ask("recording_file")
        return self.file

    async def delete_recording(self, name: str) -> bool:
        self._ask("delete_recording", name)
        return self.known

    async def packets_received(self, channel_id: str) -> int | None:
        self._ask("packets_received")
        return self.packets.pop(0) if len(self.packets) > 1 else self.packets[0]

    async def answer(self, channel_id: str) -> None:
        self._ask("answer")

    async def hang_up(self, channel_id: str, reason: str = "normal") -> None:
        self._ask("hang_up", reason)

    async def start_hold(self, channel_id: str) -> None:
        self._ask("start_hold")

    async def stop_hold(self, channel_id: str) -> None:
        self._ask("stop_hold")

    async def watch(self, channel_id: str) -> None:
        self._ask("watch")

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        self._ask("set_variable", name, value)

    async def go_to(self, channel_id: str, context: str, extension: str) -> None:
        self._ask("go_to", context, extension)

    async def configure(self, kind: str, name: str, fields: Mapping[str, str]) -> None:
        self._ask("configure", kind)
        self.sip[kind, name] = fields
        if kind == "endpoint":
            self.states.setdefault(name, "offline")

    async def remove(self, kind: str, name: str) -> bool:
        self._ask("remove", kind)
        if kind == "endpoint":
            self.states.pop(name, None)
        return self.sip.pop((kind, name), None) is not None

    async def endpoints(self) -> list[Event]:
        self._ask("endpoints")
        return [self._endpoint(name) for name in self.states]

    async def endpoint(self, name: str) -> Event | None:
        self._ask("endpoint")
        return self._endpoint(name) if name in self.states else None

    def _endpoint(self, name: str) -> Event:
        talking = self.talking.get(name, [])
        return {"resource": name, "state": self.states[name], "channel_ids": talking}

    async def has_module(self, name: str) -> bool:
        return name in self.modules
