"""A call on virtual time: the fakes put together, and a caller who acts at given seconds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ivrserver.blocks import (
    Account,
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
from ivrserver.flow.events import CallEnded
from ivrserver.flow.journey import World
from ivrserver.flow.ports import IncomingCall
from ivrserver.flow.report import Reporter
from tests.fakes import (
    FakeChannel,
    FakeClock,
    FakeDialer,
    FakeJournal,
    FakeLibrary,
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
    """One call to number 100, which leads to the first of `ivrs`."""

    ivrs: tuple[Ivr, ...]
    limits: LimitSettings = field(default_factory=LimitSettings)
    channel: FakeChannel = field(default_factory=FakeChannel)
    speech: FakeSpeech = field(default_factory=FakeSpeech)
    journal: FakeJournal = field(default_factory=FakeJournal)
    dialer: FakeDialer = field(default_factory=FakeDialer)
    webhooks: FakeWebhooks = field(default_factory=FakeWebhooks)

    async def call(
        self, *acts: tuple[float, str], number: str = "100", hang_up_at: float | None = None
    ) -> CallEnded:
        """Call, press `acts` (second, keys) at their times, and return how the call ended."""
        loop = asyncio.get_running_loop()
        account = Account(
            numbers=(PhoneNumber("100", "Sample line", ToBlock(self.ivrs[0].block_id)),),
            blocks=self.ivrs,
        )
        world = World(
            speech=self.speech,
            dialer=self.dialer,
            reporter=Reporter(self.webhooks, 1.5, ZoneInfo("America/New_York")),
            journal=self.journal,
            library=FakeLibrary(account),
            clock=FakeClock(),
            limits=self.limits,
            region="US",
            caller_id="",
            new_id=counter("id"),
        )
        call = Call(world, self.channel, IncomingCall(number, "2125550199"))
        for second, keys in acts:
            loop.call_at(second, self.channel.press, keys)
        if hang_up_at is not None:
            loop.call_at(hang_up_at, self.channel.leave)
        await call.run()
        return self.journal.of(CallEnded)[-1]

    @property
    def heard(self) -> list[str]:
        """What the caller heard the beginning of."""
        return [uri.removeprefix("say:") for _, uri in self.channel.heard]
