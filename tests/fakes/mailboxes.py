"""Voicemail boxes in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ivrserver.errors import StorageError
from ivrserver.flow.ports import GreetingKind, MailboxState, PinVerdict, StoredMessage


class FakeMailboxes:
    """Keeps messages, PINs and greetings in memory; each answer takes `seconds`."""

    def __init__(self) -> None:
        self.kept: dict[int, list[StoredMessage]] = {}
        """Messages by block id, oldest first."""
        self.pins: dict[int, str] = {}
        self.greetings: dict[int, MailboxState] = {}
        self.locks_after = 5
        """Wrong PINs within `locks_for` after which a box is locked."""
        self.locks_for = timedelta(minutes=15)
        self.seconds = 0.0
        self.away = False
        """Whether the storage cannot be reached."""
        self._wrong: dict[int, list[datetime]] = {}

    async def state(self, block_id: int) -> MailboxState:
        await self._reach()
        kept = self.greetings.get(block_id, MailboxState())
        return replace(kept, has_pin=block_id in self.pins)

    async def check_pin(self, block_id: int, pin: str, now: datetime) -> PinVerdict:
        await self._reach()
        if block_id not in self.pins:
            return PinVerdict.NONE_SET
        wrong = [at for at in self._wrong.get(block_id, []) if now - at < self.locks_for]
        if len(wrong) >= self.locks_after:
            return PinVerdict.LOCKED
        right = pin == self.pins[block_id]
        self._wrong[block_id] = [] if right else [*wrong, now]
        return PinVerdict.RIGHT if right else PinVerdict.WRONG

    async def set_pin(self, block_id: int, pin: str) -> None:
        await self._reach()
        self.pins[block_id] = pin
        self._wrong.pop(block_id, None)

    async def set_greeting(self, block_id: int, kind: GreetingKind, recording: str = "") -> None:
        await self._reach()
        recordings = dict(self.greetings.get(block_id, MailboxState()).recordings)
        if recording:
            recordings[kind] = recording
        self.greetings[block_id] = MailboxState(kind, recordings)

    async def messages(self, block_id: int) -> Sequence[StoredMessage]:
        await self._reach()
        return sorted(self.kept.get(block_id, []), key=lambda message: not message.new)

    async def save(self, message_id: str) -> None:
        await self._reach()
        for box in self.kept.values():
            box[:] = [
                replace(message, new=False) if message.message_id == message_id else message
                for message in box
            ]

    async def delete(self, message_id: str) -> None:
        await self._reach()
        for box in self.kept.values():
            box[:] = [message for message in box if message.message_id != message_id]

    async def _reach(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.away:
            raise StorageError("the database is away")
