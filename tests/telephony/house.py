"""The whole product on a real Asterisk, phones that call it, and a web server that steers it."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
import soundfile
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import app, programs
from ivrserver.blocks import Account, Prompt
from ivrserver.config import Settings, TrunkSettings, load
from ivrserver.demo import listening
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.lab import lab_settings
from ivrserver.speech import build
from ivrserver.speech.speaker import Speaker
from ivrserver.storage import Accounts, database, migrate, read_flow_files
from ivrserver.telephony.asterisk import Asterisk, ports, running
from ivrserver.telephony.boards import Boards
from tests.telephony.caller import POLL_SECONDS, Caller
from tests.telephony.customer import Customer, Reply
from tests.telephony.sounds import voice

ACCOUNT = Path(__file__).with_name("account.yaml")
WEBHOOK_SECONDS = 4.0
SETTLE_SECONDS = 3.0
LATENESS_SECONDS = 5.0
NOTHING = Account()
_numbers = itertools.count(2125500000)


@dataclass(kw_only=True)
class Site:
    """A running Asterisk and the tests' account; who carries the calls is another's business.

    Attributes:
        said: what Asterisk's supervisor has told.
        poll: seconds between two looks of a caller at the database.
        phones_at: the address that callers' phones have.
    """

    settings: Settings
    asterisk: Asterisk
    engine: AsyncEngine
    customer: Customer
    speech: Speaker
    said: list[str] = field(default_factory=list)
    poll: float = POLL_SECONDS
    phones_at: str = "127.0.0.1"

    @asynccontextmanager
    async def phone(self) -> AsyncIterator[Caller]:
        """Somebody with a phone of their own, who has not called yet."""
        number = str(next(_numbers))
        account = PhoneAccount(user=number, address=self.phones_at)
        async with Phone(self.settings.packages, account) as phone:
            yield Caller(phone, number, self.settings.sip.port, self.engine, poll=self.poll)

    @asynccontextmanager
    async def calling(self, number: str, *replies: Reply) -> AsyncIterator[Caller]:
        """Somebody whose call to `number` is answered; webhooks about it get these replies."""
        async with self.phone() as caller:
            self.customer.script(caller.number, *replies)
            await caller.dial(number)
            yield caller

    async def spoken(self, text: str, voice: str = "") -> Path:
        """The file of `text` as the server speaks it, or in the phone's own `voice`."""
        sound = await self.speech.sound(Prompt(text=text), "en-US", voice, "")
        return Path(f"{sound.uri.removeprefix('sound:')}.wav")

    async def voice(self, text: str) -> Path:
        """The file of `text` in a voice that is not the server's."""
        return await self.spoken(text, "kal")

    async def prompt(self, text: str) -> listening.Sound:
        """What the caller is to hear when the server says `text`."""
        return listening.load(await self.spoken(text))

    async def hears(self, heard: listening.Sound, *texts: str) -> list[float]:
        """Assert that each of `texts` was heard whole, in this order; the offset of each."""
        offsets: list[float] = []
        after = 0
        for text in texts:
            prompt = await self.prompt(text)
            rest = heard[after:]
            whole = await asyncio.to_thread(listening.contains_whole, rest, prompt)
            assert whole, f"{text!r} after {after / listening.RATE:.2f} s: {whole.reason}"
            offset = after / listening.RATE + whole.found.offset
            offsets.append(offset)
            after = round(offset * listening.RATE) + len(listening.trimmed(prompt))
        return offsets

    async def misses(self, heard: listening.Sound, *texts: str) -> None:
        """Assert that none of `texts` was heard."""
        for text in texts:
            found = listening.contains_whole(heard, await self.prompt(text))
            assert not found, f"{text!r} was heard"

    def recording(self, name: str) -> Path:
        """The file of a recording."""
        return self.asterisk.folders.recordings / f"{name}.wav"

    @property
    def calls(self) -> int:
        """How many calls are being carried by this process."""
        return 0

    async def nothing_is_left(self) -> None:
        """Assert that no call is being carried and Asterisk has neither channel nor bridge."""
        left: object = None
        for _ in range(round(SETTLE_SECONDS / 0.1)):
            left = (self.calls, await ask(self.settings, "channels", "bridges"))
            if left == (0, [[], []]):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"calls, channels and bridges that are left: {left}")


@dataclass(kw_only=True)
class House(Site):
    """A running server: a site whose calls this very process carries."""

    boards: Boards

    @property
    def calls(self) -> int:
        """How many calls are being carried."""
        return self.boards.calls


async def ask(settings: Settings, *paths: str) -> list[object]:
    """What Asterisk itself says by ARI."""
    ari = settings.ari
    login = base64.b64encode(f"{ari.username}:{ari.password.get_secret_value()}".encode()).decode()
    headers = {"Authorization": f"Basic {login}"}
    base = f"http://{ari.host}:{ari.port}/ari/"
    async with aiohttp.ClientSession(base, headers=headers) as session:
        replies = []
        for path in paths:
            async with session.get(path) as response:
                response.raise_for_status()
                replies.append(await response.json())
        return replies


def fetch_programs(settings: Settings) -> None:
    """Make sure that phones and voices are there: the first run on a machine downloads them."""
    names = ("baresip", "flite", "espeak-ng")
    if missing := [name for name in names if programs.find(name, settings.packages) is None]:
        programs.fetch(missing, settings.packages, print)


def unhurried(settings: Settings) -> Settings:
    """The same on a machine that tests keep busy: it refuses no call for being late."""
    patience = {"lateness": LATENESS_SECONDS, "asterisk_lateness": LATENESS_SECONDS}
    limits = settings.limits.model_copy(update=patience)
    return settings.model_copy(update={"limits": limits})


def house_settings(data: Path, *, trunk_port: int = 0, shown: str = "") -> Settings:
    """Settings of a house: free ports, short patience, and a carrier if `trunk_port` is given.

    `shown` is the number that legs over the carrier show; empty: the caller's own.
    """
    settings = unhurried(lab_settings(load()))
    carrier = TrunkSettings(host="127.0.0.1", port=trunk_port, caller_id=shown)
    return ports.fresh(
        settings.model_copy(
            update={
                "data": data,
                "trunks": {"carrier": carrier} if trunk_port else {},
                "webhook": settings.webhook.model_copy(update={"total_timeout": WEBHOOK_SECONDS}),
            }
        )
    )


def flow_file(directory: Path, customer: str, source: Path = ACCOUNT) -> Path:
    """A copy of `source` in `directory`, its webhooks going to `customer`, with its audio."""
    directory.mkdir(parents=True, exist_ok=True)
    tone = np.sin(np.arange(8000) / 8000 * 2 * np.pi * 440) * 0.3
    soundfile.write(directory / "jingle.wav", tone, 8000, subtype="PCM_16")
    voice(directory / "customwhisper.wav", seed=3)
    file = directory / source.name
    file.write_text(source.read_text().replace("http://customer.example", customer))
    return file


@asynccontextmanager
async def open_site(
    settings: Settings, more: Account = NOTHING, *, flows: Sequence[Path] = ()
) -> AsyncIterator[Site]:
    """Run Asterisk with the tests' account, `flows`, and `more`."""
    await asyncio.to_thread(fetch_programs, settings)
    said: list[str] = []
    async with Customer() as customer, database(settings) as engine:
        await migrate(engine)
        copies = settings.data / "flows"
        files = read_flow_files(
            [flow_file(copies, customer.url, source) for source in (ACCOUNT, *flows)]
        )
        accounts = Accounts(engine, settings.audio_folder)
        await accounts.apply(files.account, files.audio)
        await accounts.apply(more)
        async with running(settings, said.append) as asterisk:
            speech = build(settings)
            try:
                yield Site(
                    settings=asterisk.settings,
                    asterisk=asterisk,
                    engine=engine,
                    customer=customer,
                    speech=speech,
                    said=said,
                )
            finally:
                await speech.close()


@asynccontextmanager
async def open_house(
    settings: Settings, more: Account = NOTHING, *, flows: Sequence[Path] = ()
) -> AsyncIterator[House]:
    """Run Asterisk and the controller with the tests' account, `flows`, and `more`."""
    async with (
        open_site(settings, more, flows=flows) as site,
        app.serving(site.settings) as boards,
    ):
        yield House(boards=boards, **vars(site))
