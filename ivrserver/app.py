"""The composition root: the only module that knows all the others.

`serving` runs a controller; `lab` runs everything a newcomer needs around it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine
from ulid import ULID

from ivrserver import programs, sample, web
from ivrserver.blocks import Account
from ivrserver.config import Settings
from ivrserver.errors import SetupError
from ivrserver.flow.call import Call
from ivrserver.flow.dial_policy import DialPolicy, GuardedDialer
from ivrserver.flow.distribution import Distributor
from ivrserver.flow.kept import MAIN
from ivrserver.flow.ports import Channel, IncomingCall, Speech
from ivrserver.flow.rehearsal import rehearse
from ivrserver.flow.report import Reporter
from ivrserver.flow.world import World
from ivrserver.mail import Carrier, Lamplighter, PostOffice
from ivrserver.observed import Observed, Parts
from ivrserver.recordings import Keeper, Links, Store
from ivrserver.speech import build, listening
from ivrserver.storage import (
    Accounts,
    AudioLibrary,
    Library,
    Mailboxes,
    Outbox,
    RecordingRows,
    Schema,
    database,
    open_journal,
    open_library,
    read_flow_files,
    shared_secret,
)
from ivrserver.telephony.asterisk import Asterisk, ports, running
from ivrserver.telephony.switchboard import Switchboard
from ivrserver.webhooks.client import HttpWebhookClient

log = structlog.get_logger(__name__)

Say = Callable[[str], None]

_READY_SECONDS: Final = 15.0
_REHEARSE_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 5.0


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


def new_id() -> str:
    """A unique id that sorts by time (ULID, 26 characters)."""
    return str(ULID())


def audio_folder(settings: Settings) -> Path:
    """Where the audio library's files are kept."""
    return settings.data / "audio"


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Switchboard]:
    """Run a controller inside an ``async with``: calls are taken when the block begins.

    At its end no more calls are taken, and live ones are given `limits.drain_seconds`.

    Raises:
        ConfigError: a setting is wrong, or Asterisk refuses our login.
        SetupError: Asterisk does not answer, or our HTTP port is taken.
        StorageError: the database cannot be used.
    """
    observed = Observed(settings)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(database(settings))
        schema = Schema(engine, lambda what: log.info("database_schema", what=what))
        await schema.make_ready(upgrade=settings.database.upgrade_on_start)
        stored = await stack.enter_async_context(open_journal(settings, engine))
        journal = observed.journal(stored)
        library = await stack.enter_async_context(
            open_library(engine, audio_folder(settings), settings.account.region)
        )
        clock = SystemClock()
        http = await stack.enter_async_context(HttpWebhookClient(settings.webhook, clock))
        client = observed.webhooks(http)
        speech = build(settings, observed.prompts)
        stack.push_async_callback(speech.close)
        listener = listening.build(settings)
        stack.push_async_callback(listener.close)
        switchboard = Switchboard(settings, watcher=observed.asterisk(MAIN))
        zone = ZoneInfo(settings.account.time_zone)
        world = World(
            speech=observed.speech(speech),
            recogniser=observed.recogniser(listener),
            dialer=GuardedDialer(switchboard.dialer, DialPolicy.by(settings)),
            mailboxes=Mailboxes(engine),
            reporter=Reporter(
                client,
                settings.webhook.hold_after,
                zone,
                # A call makes four requests at most, then a minute for whatever is slow.
                patience=timedelta(seconds=4 * settings.webhook.total_timeout + 60),
            ),
            journal=journal,
            library=library,
            clock=clock,
            limits=settings.limits,
            region=settings.account.region,
            zone=zone,
            new_id=new_id,
            distributor=Distributor(random.Random()),  # noqa: S311 - fair, no secret
            extensions={
                phone.extension: name for name, phone in settings.phones.items() if phone.extension
            },
        )

        keeper = Keeper(
            rows=RecordingRows(engine),
            store=Store(settings),
            sources=lambda: {MAIN: switchboard.recordings},
            journal=journal,
            clock=clock,
            remove_after=settings.store.remove_after,
            chance=random.Random(),  # noqa: S311 - spreads attempts, no secret
        )
        post = _post_office(settings, Outbox(engine), library, switchboard, keeper)

        async def carry(channel: Channel, incoming: IncomingCall) -> None:
            await Call(world, channel, incoming).run()

        seen = observed.look_at(Parts(switchboard, stored, engine, speech, listener))
        shared = web.recording_routes(
            keeper, await links(settings, engine), redirect=settings.store.redirect
        )
        app = web.create_app(settings.speech_cache, *seen, _api(settings, engine), shared)
        async with asyncio.TaskGroup() as tasks:
            running_tasks = [
                tasks.create_task(web.serve(app, settings.http.host, settings.http.port)),
                tasks.create_task(switchboard.run(carry)),
                tasks.create_task(observed.run()),
                tasks.create_task(_kept_up("post_office", post.run)),
                tasks.create_task(_kept_up("recordings", keeper.run)),
                tasks.create_task(_keep_rehearsed(library, speech)),
            ]
            warming = tasks.create_task(listener.warm_up())
            try:
                await _until_ready(switchboard, settings)
                await warming
                yield switchboard
                await switchboard.drain(settings.limits.drain_seconds)
            finally:
                for task in (*running_tasks, warming):
                    task.cancel()


def _api(settings: Settings, engine: AsyncEngine) -> APIRouter:
    """What is offered over HTTP to whoever has the token."""
    sounds = AudioLibrary(engine, audio_folder(settings), settings.audio)
    return web.audio_routes(sounds, settings.http.token, settings.audio.max_bytes)


async def links(settings: Settings, engine: AsyncEngine) -> Links:
    """What signs links to recordings, and knows ours again.

    Raises:
        StorageError: the database is away.
    """
    secret = settings.store.link_secret.get_secret_value()
    return Links(secret or await shared_secret(engine, "recording links"), settings.http.reached_at)


def _post_office(
    settings: Settings,
    outbox: Outbox,
    library: Library,
    switchboard: Switchboard,
    keeper: Keeper,
) -> PostOffice:
    """What tells owners of voicemail boxes about messages: e-mail, and lamps on their phones."""
    lamplighter = Lamplighter(outbox, library, switchboard.lamps)
    switchboard.on_ready.append(lamplighter.start_anew)
    return PostOffice(
        outbox=outbox,
        library=library,
        carrier=Carrier(settings.mail),
        recording=keeper.read,
        lamplighter=lamplighter,
        clock=SystemClock(),
        zone=ZoneInfo(settings.account.time_zone),
        chance=random.Random(),  # noqa: S311 - spreads attempts, no secret
    )


async def _kept_up(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever: an error in what calls can do without harms none of them."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("background_work_failed", work=name)
        await asyncio.sleep(_AGAIN_SECONDS)


async def _until_ready(switchboard: Switchboard, settings: Settings) -> None:
    try:
        async with asyncio.timeout(_READY_SECONDS):
            await switchboard.ready.wait()
    except TimeoutError as error:
        raise SetupError(
            f"Asterisk's ARI does not answer on {settings.ari.host} port {settings.ari.port}; "
            "is it running, and are ari.host and ari.port right?"
        ) from error


async def _keep_rehearsed(library: Library, speech: Speech) -> None:
    """Make the prompts of each new revision before a caller needs them."""
    done = -1
    while True:
        book = library.current()
        if book.revision != done:
            done = book.revision
            log.info("prompts_ready", revision=done, prompts=await rehearse(book, speech))
        await asyncio.sleep(_REHEARSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Lab:
    """A running lab.

    Attributes:
        settings: those in force: free ports, the ARI password.
        engine: the database.
        web_server: address of the sample web server; empty: the account does not use it.
    """

    settings: Settings
    asterisk: Asterisk
    switchboard: Switchboard
    engine: AsyncEngine
    web_server: str


def lab_settings(settings: Settings) -> Settings:
    """What a lab allows: on loopback anybody may call, and webhooks may stay on this machine."""
    loopback = ipaddress.ip_address(settings.sip.bind).is_loopback
    return settings.model_copy(
        update={
            "sip": settings.sip.model_copy(update={"guests": settings.sip.guests or loopback}),
            "webhook": settings.webhook.model_copy(update={"allow_private": True}),
            "limits": settings.limits.model_copy(update={"drain_seconds": 0.0}),
        }
    )


@asynccontextmanager
async def lab(settings: Settings, say: Say, told_by_web_server: Say) -> AsyncIterator[Lab]:
    """Run Asterisk, the controller, the sample account and its web server.

    Args:
        settings: taken as they are, but for the ports that are taken (see `lab_settings`).
        say: called with each line of progress.
        told_by_web_server: called with each line that the sample web server prints.

    Raises:
        IvrError: something cannot be had or does not start; says what to do.
    """
    settings = ports.available(settings, say)
    await asyncio.to_thread(_fetch_programs, settings, say)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(database(settings))
        schema = Schema(engine, say)
        await schema.make_ready(upgrade=settings.database.upgrade_on_start)
        account = await _account(engine, settings, say)
        web_server = ""
        if sample.uses_server(account):
            server = sample.serving(sample.port_of(account), told_by_web_server)
            web_server = await stack.enter_async_context(server)
            await _lead_to(web_server, account, engine, settings, say)
        asterisk = await stack.enter_async_context(running(settings, say))
        switchboard = await stack.enter_async_context(serving(asterisk.settings))
        yield Lab(asterisk.settings, asterisk, switchboard, engine, web_server)


def _fetch_programs(settings: Settings, say: Say) -> None:
    """Fetch what is neither installed nor fetched yet, all at once."""
    wanted = {"flite": "flite", "espeak": "espeak-ng"}
    names = [wanted[engine] for engine in settings.speech.engines if engine in wanted]
    if not settings.asterisk.binary:
        names.append("asterisk")
    missing = [name for name in names if programs.find(name, settings.packages) is None]
    if missing:
        programs.fetch(missing, settings.packages, say)


async def _account(engine: AsyncEngine, settings: Settings, say: Say) -> Account:
    """What the database holds; the sample account, if that is nothing yet."""
    accounts = Accounts(engine, audio_folder(settings), settings.audio)
    account = await accounts.export()
    if account != Account():
        return account
    files = await asyncio.to_thread(read_flow_files, [sample.FILE])
    await accounts.apply(files.account, files.audio)
    say("loaded the sample account, examples/sample.yaml")
    return files.account


async def _lead_to(
    web_server: str, account: Account, engine: AsyncEngine, settings: Settings, say: Say
) -> None:
    """Let the account's webhooks find the sample web server, if its wished port was taken."""
    moved = sample.at(account, web_server)
    if moved != account:
        say(f"port {sample.port_of(account)} is taken; the sample web server is at {web_server}")
        await Accounts(engine, audio_folder(settings), settings.audio).apply(moved)
