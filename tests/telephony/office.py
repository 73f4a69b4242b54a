"""An Asterisk with trunks and phones, and a switchboard whose calls the test itself carries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from ivrserver.config import PhoneSettings, Settings, TrunkSettings, load
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.flow.dial_policy import DialPolicy, GuardedDialer
from ivrserver.flow.ports import Channel, DialledLeg, IncomingCall, LegOrder
from ivrserver.telephony.asterisk import Asterisk, ports, running
from ivrserver.telephony.switchboard import Switchboard
from tests.telephony.house import ask, fetch_programs, unhurried

PATIENCE = 15.0


def office_settings(
    data: Path,
    *,
    trunks: Mapping[str, Mapping[str, object]] = {},
    phones: Mapping[str, Mapping[str, object]] = {},
    **sip: object,
) -> Settings:
    """Settings on free ports, with these trunks and phones."""
    settings = unhurried(load())
    more = {
        "data": data,
        "trunks": {name: TrunkSettings.model_validate(each) for name, each in trunks.items()},
        "phones": {name: PhoneSettings.model_validate(each) for name, each in phones.items()},
        "sip": settings.sip.model_copy(update=sip),
    }
    return ports.fresh(settings.model_copy(update=more))


async def until(fact: Callable[[], Awaitable[bool]]) -> None:
    """Wait until that is so."""
    async with asyncio.timeout(PATIENCE):
        while not await fact():  # noqa: ASYNC110 - what another process does sets no event here
            await asyncio.sleep(0.05)


@dataclass
class Office:
    """A running Asterisk and its switchboard."""

    settings: Settings
    asterisk: Asterisk
    switchboard: Switchboard
    arrived: asyncio.Queue[tuple[Channel, IncomingCall]] = field(default_factory=asyncio.Queue)

    async def carry(self, channel: Channel, call: IncomingCall) -> None:
        """Keep a call for `arrival` until it ends."""
        self.arrived.put_nowait((channel, call))
        await asyncio.wait({channel.gone})

    async def arrival(self) -> tuple[Channel, IncomingCall]:
        """The next call that reaches us."""
        async with asyncio.timeout(PATIENCE):
            return await self.arrived.get()

    async def dial(self, caller: Channel, destination: str, caller_id: str = "") -> DialledLeg:
        """Place a leg, as the dial policy allows."""
        dialer = GuardedDialer(self.switchboard.dialer, DialPolicy.by(self.settings))
        order = LegOrder(
            leg_id=f"leg-{uuid4()}", destination=destination, caller_id=caller_id, timeout=10.0
        )
        return await dialer.dial(order, caller=caller)

    @asynccontextmanager
    async def connected(
        self, caller: Channel, destination: str, caller_id: str = ""
    ) -> AsyncIterator[Channel]:
        """The leg of a destination that answers and is bridged with the caller."""
        leg = await self.dial(caller, destination, caller_id)
        assert leg.channel is not None, leg.reason
        async with self.switchboard.dialer.bridge(caller, leg.channel):
            yield leg.channel

    async def until_online(self, *names: str) -> None:
        """Wait until Asterisk knows where these trunks and phones are."""

        async def all_online() -> bool:
            states = await ask(self.settings, *(f"endpoints/PJSIP/{name}" for name in names))
            return all("'online'" in str(state) for state in states)

        await until(all_online)

    async def empty(self) -> bool:
        """Whether no channel and no bridge is there."""
        return await ask(self.settings, "channels", "bridges") == [[], []]

    async def variable(self, channel: Channel, name: str) -> str:
        """What Asterisk says about a channel."""
        path = f"channels/{channel.channel_id}/variable?variable={name}"
        (reply,) = await ask(self.settings, path)
        assert isinstance(reply, dict)
        return str(reply["value"])

    def account(self, name: str, authorities: Path | None = None) -> PhoneAccount:
        """How the phone of this name logs in; with `authorities` by TLS, and encrypted."""
        sip, password = self.settings.sip, self.settings.phones[name].password.get_secret_value()
        return PhoneAccount(
            user=name,
            domain=f"127.0.0.1:{sip.port if authorities is None else sip.tls_port}",
            password=password,
            register=True,
            authorities=authorities,
            encrypted=authorities is not None,
        )

    @asynccontextmanager
    async def phone(self, name: str, authorities: Path | None = None) -> AsyncIterator[Phone]:
        """The desk phone of this name, registered."""
        async with Phone(self.settings.packages, self.account(name, authorities)) as phone:
            await phone.wait_for("register_ok", timeout=PATIENCE)
            yield phone

    async def call(self, phone: Phone, number: str, *, tls: bool = False) -> asyncio.Task[object]:
        """Let a phone dial; it is being answered by the test."""
        sip = self.settings.sip
        where = f"127.0.0.1:{sip.tls_port};transport=tls" if tls else f"127.0.0.1:{sip.port}"
        return asyncio.create_task(phone.call(f"sip:{number}@{where}"))


@asynccontextmanager
async def office(settings: Settings) -> AsyncIterator[Office]:
    """Run an office. No channel may be left in it at the end."""
    await asyncio.to_thread(fetch_programs, settings)
    async with running(settings, print) as asterisk:
        board = Switchboard(asterisk.settings)
        there = Office(asterisk.settings, asterisk, board)
        task = asyncio.create_task(board.run(there.carry))
        try:
            async with asyncio.timeout(PATIENCE):
                await board.ready.wait()
            yield there
            await until(there.empty)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
