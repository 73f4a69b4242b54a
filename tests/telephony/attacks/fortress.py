"""A house that is attacked: no guests, a carrier known by its address, and a call that goes on.

All of it is on the loopback, whose many addresses are many machines here.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

from ivrserver.blocks import Account, Digits, Ivr, PhoneNumber, Prompt, Retries, ToBlock
from ivrserver.config import HttpSettings, PhoneSettings, Settings, TrunkSettings
from ivrserver.demo import listening
from ivrserver.demo.phone import Phone, PhoneAccount
from tests.telephony import bare_sip
from tests.telephony.agents import Agents, agents
from tests.telephony.attacks.mirror import MIRROR, Mirror, mirror
from tests.telephony.attacks.targets import targets
from tests.telephony.caller import PATIENCE, Caller, Outcome
from tests.telephony.customer import Reply
from tests.telephony.house import SETTLE_SECONDS, House, house_settings, open_house
from tests.telephony.wire import decoded

CARRIER = "127.0.0.9"
"""Where the carrier's calls come from."""
STRANGER = "127.0.0.66"
"""Nobody that we know."""
BOOTH = "127.0.0.64"
"""The only address of the phone ``booth``."""
PASSWORD = "correct-horse-battery"
TOKEN = "a-token-that-is-hard-to-guess"
BESIDE = "8020"
STALL_SECONDS = 1.0
"""No pause of the call beside is so long; phones on a busy machine are late by less."""
SLOWER = 0.1
"""By so much of the time it may be late in the end: where Asterisk's clock is late by more than a
tick, as on a busy machine, what it plays goes on later."""
LOOK_SECONDS = 0.05
POLL_SECONDS = 0.2
LONG = " ".join(
    f"This is sentence {n} of a long story, which goes on whatever else may happen."
    for n in range(18)
)
_numbers = itertools.count(2125570000)


def beside() -> Account:
    """An IVR that speaks for longer than any attack goes on."""
    question = Digits(
        question_id=1,
        name="beside",
        prompt=Prompt(LONG),
        min_digits=2,
        max_digits=2,
        no_input=Retries(tries=1),
    )
    block = Ivr(block_id=2000, name="Beside", questions=(question,))
    return Account(numbers=(PhoneNumber(BESIDE, "", ToBlock(2000)),), blocks=(block,))


class Watch:
    """How much a process holds.

    Attributes:
        grown: by how many bytes its memory has been larger than at first, at most.
    """

    def __init__(self, name: str, pid: int) -> None:
        self.name, self._process = name, Path(f"/proc/{pid}")
        self.grown = 0
        self._memory, self._files = self._now()

    async def look(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self.grown = max(self.grown, self._now()[0] - self._memory)
            await asyncio.sleep(LOOK_SECONDS)

    async def settles(self, files: int) -> None:
        """Wait until it has no more than so many more open descriptors."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while self._now()[1] - self._files > files:  # noqa: ASYNC110 - another process's
                await asyncio.sleep(LOOK_SECONDS)

    def _now(self) -> tuple[int, int]:
        """Resident memory in bytes, and open descriptors."""
        pages = int((self._process / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), len(list((self._process / "fd").iterdir()))


@dataclass
class Beside:
    """A call that goes on while others are attacked. `story` is what it is told.

    Attributes:
        paused: for how long nothing came, at most, since the last `mark`; seconds.
    """

    caller: Caller
    story: listening.Sound
    paused: float = 0.0

    def mark(self) -> tuple[float, int]:
        """Now: on the loop's clock, and in what was heard."""
        self.paused = 0.0
        return self._now()

    async def heard_all_since(self, mark: tuple[float, int]) -> None:
        """Assert that since `mark` the story went on in time, with nothing left out."""
        began, start = mark
        now, end = self._now()
        if now - began < 1:
            await asyncio.sleep(1 - (now - began))
            now, end = self._now()
        late = now - began - (end - start) / listening.RATE
        assert self.paused < STALL_SECONDS, f"the call beside stood still for {self.paused:.2f} s"
        assert late < STALL_SECONDS + SLOWER * (now - began), (
            f"{late:.2f} of {now - began:.2f} s of the call beside are missing"
        )
        heard = self.caller.phone.heard_so_far()[start:end] / 32768
        whole = await asyncio.to_thread(listening.contains_whole, self.story, heard)
        assert whole, f"the call beside was disturbed: {whole.reason}"

    async def listen(self) -> None:
        """Measure pauses, until cancelled."""
        clock, file = asyncio.get_running_loop().time, self.caller.phone.hearing
        assert file is not None
        came, heard = clock(), 0
        while True:
            if (size := file.stat().st_size) > heard:
                came, heard = clock(), size
            self.paused = max(self.paused, clock() - came)
            await asyncio.sleep(LOOK_SECONDS)

    def _now(self) -> tuple[float, int]:
        return asyncio.get_running_loop().time(), len(self.caller.phone.heard_so_far())


@dataclass
class Fortress:
    """What is attacked, and who lives in it.

    Attributes:
        crowd: the people to whom the carrier's trunk leads.
        mirror: the carrier's way back to us.
        closed_port: nobody listens there.
    """

    house: House
    crowd: Agents
    mirror: Mirror
    closed_port: int

    @property
    def log(self) -> str:
        """All lines that Asterisk has logged: of one that it is still writing, nothing."""
        text = (self.house.asterisk.folders.log / "messages.log").read_text(errors="replace")
        return text[: text.rfind("\n") + 1]

    @asynccontextmanager
    async def watched(self, memory: int, files: int) -> AsyncIterator[None]:
        """Assert that Asterisk and the controller, this process, never hold so much more memory.

        In the end they must not have so many more open descriptors, once there was time to settle.
        """
        watches = [Watch("Asterisk", self.house.asterisk.pid), Watch("the controller", os.getpid())]
        looking = [asyncio.create_task(each.look()) for each in watches]
        try:
            yield
        finally:
            for task in looking:
                task.cancel()
        for each in watches:
            assert each.grown < memory, f"{each.name} has taken {each.grown:,} bytes more"
            await each.settles(files)

    def nobody(self) -> str:
        """A number that the carrier does not know."""
        return str(next(_numbers))

    async def call(
        self,
        number: str,
        *replies: Reply,
        shown: str = "",
        known_as: str = "",
        name: str = "",
        more: str = "",
        leave_after: float | None = None,
    ) -> Outcome:
        """A call by the carrier, by somebody who only listens; what became of it.

        Args:
            shown: the caller's number as SIP has it.
            known_as: what we take it for; empty: the same.
            name: see `bare_sip.call`, `more` too.
            leave_after: they hang up, so many seconds after the answer.
        """
        shown = shown or self.nobody()
        known_as = known_as or shown
        house = self.house
        house.customer.script(known_as, *replies)
        port = house.settings.sip.port
        done = await bare_sip.call(
            port,
            number,
            shown=shown,
            address=CARRIER,
            name=name,
            more=more,
            leave_after=leave_after,
        )
        assert done.status == 200, done.statuses
        # There is no phone: it has said already all that it could.
        outcome = await Caller(None, known_as, port, house.engine, poll=POLL_SECONDS).outcome()
        return replace(outcome, heard=decoded([done.audio]))

    async def calls(self, number: str, replies: Sequence[Reply]) -> list[Outcome]:
        """Such calls at the same time; each has its own webhook reply."""
        return list(await asyncio.gather(*(self.call(number, reply) for reply in replies)))

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Phone]:
        """The registered desk phone."""
        account = PhoneAccount(
            user="desk",
            domain=f"127.0.0.1:{self.house.settings.sip.port}",
            password=PASSWORD,
            register=True,
        )
        async with Phone(self.house.settings.packages, account) as phone:
            await phone.wait_for("register_ok", timeout=10)
            yield phone


@asynccontextmanager
async def open_fortress(data: Path) -> AsyncIterator[Fortress]:
    """Run it. At its end nothing may be left, and Asterisk must have run all the time."""
    async with agents() as crowd, mirror() as back, slammed_doors() as slammed:
        settings = _settings(house_settings(data, trunk_port=crowd.port), back)
        back.server = ("127.0.0.1", settings.sip.port)
        with socket.socket() as closed:  # bound, and nobody listens
            closed.bind(("127.0.0.1", 0))
            closed_port = int(closed.getsockname()[1])
            account = merged(beside(), targets(closed_port, slammed))
            async with open_house(settings, account) as house:
                house.phones_at = CARRIER
                yield Fortress(house, crowd, back, closed_port)
                await house.nothing_is_left()
                assert house.said == [], "Asterisk has died"


def _settings(plain: Settings, back: Mirror) -> Settings:
    """Those of a house, with the doors closed."""
    carrier = plain.trunks["carrier"].model_copy(update={"accept_from": (CARRIER,)})
    returning = TrunkSettings(host=back.address, port=back.port, prefixes=(f"+1{MIRROR}",))
    only = {"allow_private": False, "allow": (ip_network("127.0.0.1/32"),)}
    return plain.model_copy(
        update={
            "sip": plain.sip.model_copy(update={"guests": False}),
            "trunks": {"carrier": carrier, "mirror": returning},
            "phones": {
                "desk": PhoneSettings(password=PASSWORD, extension="204"),
                "booth": PhoneSettings(password=PASSWORD, accept_from=(BOOTH,)),
            },
            "ari": plain.ari.model_copy(update={"accept_from": ("127.0.0.1",)}),
            "http": HttpSettings(port=plain.http.port, token=TOKEN),
            "webhook": plain.webhook.model_copy(update=only),
        }
    )


@asynccontextmanager
async def slammed_doors() -> AsyncIterator[int]:
    """The port of a server that resets each connection as soon as it is made."""

    async def slam(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(slam, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def merged(*accounts: Account) -> Account:
    """All numbers and blocks of these accounts."""
    return Account(
        numbers=tuple(number for each in accounts for number in each.numbers),
        blocks=tuple(block for each in accounts for block in each.blocks),
    )


@asynccontextmanager
async def call_beside(fortress: Fortress) -> AsyncIterator[Beside]:
    """A call that is told a long story, and whose keys count in the end."""
    house = fortress.house
    story = await house.prompt(LONG)
    async with house.calling(BESIDE) as caller:
        call = Beside(caller, story)
        async with asyncio.timeout(PATIENCE):
            while call.mark()[1] < listening.RATE:  # noqa: ASYNC110 - a file grows
                await asyncio.sleep(LOOK_SECONDS)
        listening_to_it = asyncio.create_task(call.listen())
        try:
            yield call
        finally:
            listening_to_it.cancel()
        await caller.press("42")
        outcome = await caller.waits()
    assert outcome.answers == {"beside": "42"}
    assert outcome.completed == [True]
