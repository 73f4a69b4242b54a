"""A call on virtual time: the fakes put together, and a caller who acts at given seconds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ivrserver.blocks import (
    Account,
    Block,
    Destination,
    HangUp,
    Ivr,
    PhoneNumber,
    Question,
    ToBlock,
    Webhook,
)
from ivrserver.config import LimitSettings
from ivrserver.flow.call import Call
from ivrserver.flow.distribution import Distributor
from ivrserver.flow.events import CallEnded
from ivrserver.flow.ports import IncomingCall
from ivrserver.flow.report import Reporter
from ivrserver.flow.world import World
from tests.fakes import (
    FakeChannel,
    FakeClock,
    FakeDialer,
    FakeJournal,
    FakeLibrary,
    FakeMailboxes,
    FakeRecogniser,
    FakeSpeech,
    FakeWebhooks,
    counter,
)


def ivr(
    *questions: Question,
    block_id: int = 101,
    webhook: Webhook | None = None,
    next_step: Destination | None = None,
    backup: Destination | None = None,
) -> Ivr:
    """An IVR with those questions."""
    return Ivr(
        block_id=block_id,
        name=f"IVR {block_id}",
        questions=questions,
        webhook=webhook or Webhook(),
        next_step=next_step or HangUp(),
        backup_routing=backup,
    )


@dataclass
class Scene:
    """One call to number 100, which leads to the first of `blocks`."""

    blocks: tuple[Block, ...]
    limits: LimitSettings = field(default_factory=LimitSettings)
    channel: FakeChannel = field(default_factory=FakeChannel)
    speech: FakeSpeech = field(default_factory=FakeSpeech)
    journal: FakeJournal = field(default_factory=FakeJournal)
    dialer: FakeDialer = field(default_factory=FakeDialer)
    webhooks: FakeWebhooks = field(default_factory=FakeWebhooks)
    recogniser: FakeRecogniser = field(default_factory=FakeRecogniser)
    mailboxes: FakeMailboxes = field(default_factory=FakeMailboxes)
    extensions: Mapping[str, str] = field(default_factory=dict)
    endpoint: str = ""
    destination: Destination | None = None
    """Where number 100 leads instead."""

    async def call(
        self, *acts: tuple[float, str], number: str = "100", hang_up_at: float | None = None
    ) -> CallEnded:
        """Call, press `acts` (second, keys) at their times, and return how the call ended."""
        loop = asyncio.get_running_loop()
        incoming = IncomingCall(number, "2125550199", self.endpoint)
        call = Call(self.world(), self.channel, incoming)
        for second, keys in acts:
            loop.call_at(second, self.channel.press, keys)
        if hang_up_at is not None:
            loop.call_at(hang_up_at, self.channel.leave)
        await call.run()
        return self.journal.of(CallEnded)[-1]

    def world(self) -> World:
        """What the call is given."""
        first = self.destination or ToBlock(self.blocks[0].block_id)
        account = Account(numbers=(PhoneNumber("100", "Sample line", first),), blocks=self.blocks)
        zone = ZoneInfo("America/New_York")
        return World(
            speech=self.speech,
            recogniser=self.recogniser,
            dialer=self.dialer,
            mailboxes=self.mailboxes,
            reporter=Reporter(self.webhooks, 1.5, zone),
            journal=self.journal,
            library=FakeLibrary(account),
            clock=FakeClock(),
            limits=self.limits,
            region="US",
            zone=zone,
            new_id=counter("id"),
            distributor=Distributor(random.Random(1)),
            extensions=self.extensions,
        )

    @property
    def heard(self) -> list[str]:
        """What the caller heard the beginning of."""
        return [uri.removeprefix("say:") for _, uri in self.channel.heard]
