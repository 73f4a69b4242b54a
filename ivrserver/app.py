"""The composition root: the only module that knows all the others.

`serving` runs a controller; `lab.open_lab` runs everything a newcomer needs around it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from ulid import ULID

from ivrserver import jobs, portal, shelves, web
from ivrserver.api import Parts as PortalParts
from ivrserver.config import Settings
from ivrserver.errors import SetupError
from ivrserver.flow.absent import end_without_caller
from ivrserver.flow.call import Call
from ivrserver.flow.dial_policy import DialPolicy, GuardedDialer
from ivrserver.flow.distribution import Distributor
from ivrserver.flow.ports import Journal as AnyJournal
from ivrserver.flow.ports import Speech
from ivrserver.flow.rehearsal import rehearse
from ivrserver.flow.report import Reporter
from ivrserver.flow.world import World
from ivrserver.mail import Lamplighter
from ivrserver.membership import entered
from ivrserver.observed import Observed, Parts
from ivrserver.recordings import Keeper, Sounds, Store
from ivrserver.speech import build, listening
from ivrserver.speech.replays import Replays
from ivrserver.storage import (
    Jobs,
    Library,
    LiveCalls,
    Mailboxes,
    Notices,
    RecordingRows,
    Schema,
    database,
    open_journal,
    open_library,
)
from ivrserver.telephony.boards import Boards
from ivrserver.telephony.switchboard import Handler, Switchboard
from ivrserver.web.live import Live
from ivrserver.webhooks.client import HttpWebhookClient

log = structlog.get_logger(__name__)

_READY_SECONDS: Final = 15.0
_REHEARSE_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 5.0
_JOBS_AFTER_SECONDS: Final = 1.0


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


CLOCK: Final = SystemClock()


def new_id() -> str:
    """A unique id that sorts by time (ULID, 26 characters)."""
    return str(ULID())


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Boards]:
    """Run a controller inside an ``async with``: calls are taken when the block begins.

    At its end no more calls are taken, and live ones are given `limits.drain_seconds`. What goes on
    then is left to another controller, if there is one.

    Raises:
        ConfigError: a setting is wrong, or Asterisk refuses our login.
        SetupError: Asterisk does not answer, or our HTTP port is taken.
        StorageError: the database cannot be used.
        LeaseLost: another controller has taken this one's calls over.
    """
    observed = Observed(settings, CLOCK)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(observed.close)
        engine = await stack.enter_async_context(database(settings))
        schema = Schema(engine, lambda what: log.info("database_schema", what=what))
        await schema.make_ready(upgrade=settings.database.upgrade_on_start)
        membership = await stack.enter_async_context(entered(settings, engine))
        stored = await stack.enter_async_context(open_journal(settings, engine, membership.lease))
        journal = observed.journal(stored)
        store = Store(settings)
        library = await stack.enter_async_context(
            open_library(engine, settings.audio_folder, settings.account.region, Sounds(store))
        )
        http = await stack.enter_async_context(HttpWebhookClient(settings.webhook, CLOCK))
        client = observed.webhooks(http)
        speech = build(settings, observed.prompts)
        stack.push_async_callback(speech.close)
        listener = listening.build(settings)
        stack.push_async_callback(listener.close)
        scribe = listening.scribe(settings)
        stack.push_async_callback(scribe.close)
        boards = Boards(settings, membership.trust, observed.asterisk, lambda: observed.loop.usual)
        policy = DialPolicy.by(settings, library.numbers)
        zone = ZoneInfo(settings.account.time_zone)
        world = World(
            speech=observed.speech(speech),
            recogniser=observed.recogniser(listener),
            dialer=GuardedDialer(next(iter(boards.by_name.values())).dialer, policy),
            mailboxes=Mailboxes(engine),
            reporter=Reporter(
                client,
                settings.webhook.hold_after,
                zone,
                patience=timedelta(seconds=settings.webhook.longest_delivery + 60),
            ),
            journal=journal,
            library=library,
            clock=CLOCK,
            limits=settings.limits,
            region=settings.account.region,
            zone=zone,
            new_id=new_id,
            distributor=Distributor(random.Random()),  # noqa: S311 - fair, no secret
            extensions={
                phone.extension: name for name, phone in settings.phones.items() if phone.extension
            },
            controller=membership.lease.controller,
        )

        keeper = _keeper(settings, store, engine, boards, journal)
        replays = _replays(settings, keeper, boards)
        stack.push_async_callback(replays.close)
        dispatcher = await stack.enter_async_context(
            jobs.dispatching(
                jobs.Needs(
                    settings=settings,
                    database=engine,
                    journal=journal,
                    library=library,
                    webhooks=client,
                    recordings=keeper,
                    transcriber=scribe,
                    end=partial(end_without_caller, world),
                    clock=CLOCK,
                    watcher=observed.jobs,
                )
            )
        )

        def handler_of(board: Switchboard) -> Handler:
            there = replace(world, dialer=GuardedDialer(board.dialer, policy))
            return lambda channel, origin: Call(there, channel, origin).run()

        watched = Parts(boards, stored, engine, speech, listener)
        seen = observed.look_at(watched)
        shared = web.recording_routes(
            keeper, await shelves.links(settings, engine), redirect=settings.store.redirect
        )
        app = web.create_app(settings.speech_cache, *seen, shared)
        await stack.enter_async_context(portal.softphone(app, settings, engine, boards, library))
        live = Live(LiveCalls(engine), lambda: library.current().revision, CLOCK)
        await portal.add_portal(
            app,
            PortalParts(
                settings,
                engine,
                keeper,
                live,
                shelves.trials(settings, http, CLOCK),
                speech,
                observed.ready(watched),
            ),
        )
        # With an open setup whoever sits at this machine needs no link.
        if not settings.sign_in.open_setup and (link := await portal.setup_link(settings, engine)):
            log.warning("first_user_wanted", link=link)
        async with asyncio.TaskGroup() as tasks:
            running_tasks = [
                tasks.create_task(web.serve(app, settings.http.host, settings.http.port)),
                tasks.create_task(boards.run(handler_of)),
                tasks.create_task(membership.keep(boards, stored, [dispatcher.take_over])),
                tasks.create_task(observed.run()),
                tasks.create_task(_do_jobs(dispatcher, boards)),
                tasks.create_task(
                    _kept_up(
                        "counts of jobs",
                        partial(observed.count_jobs, Jobs(engine), dispatcher.kinds),
                    )
                ),
                tasks.create_task(_kept_up("lamps", _lamplighter(engine, library, boards).run)),
                tasks.create_task(_kept_up("recordings", keeper.run)),
                tasks.create_task(_keep_rehearsed(library, speech)),
                tasks.create_task(_kept_up("live events", live.run)),
            ]
            warming = tasks.create_task(listener.warm_up())
            try:
                await _until_ready(boards, settings)
                await warming
                yield boards
                await asyncio.gather(membership.stop(boards, stored), dispatcher.stop())
            finally:
                for task in (*running_tasks, warming):
                    task.cancel()


def _keeper(
    settings: Settings, store: Store, engine: AsyncEngine, boards: Boards, journal: AnyJournal
) -> Keeper:
    """What brings recordings from every Asterisk into the store, and gives them back."""
    return Keeper(
        rows=RecordingRows(engine),
        store=store,
        sources=lambda: {name: board.recordings for name, board in boards.by_name.items()},
        journal=journal,
        clock=CLOCK,
        remove_after=settings.store.remove_after,
        chance=random.Random(),  # noqa: S311 - spreads attempts, no secret
    )


def _replays(settings: Settings, keeper: Keeper, boards: Boards) -> Replays:
    """What lets every Asterisk play what others have recorded."""
    replays = Replays.build(settings, keeper.read)
    for board in boards.by_name.values():
        board.replay_by(replays.uri)
    return replays


def _lamplighter(engine: AsyncEngine, library: Library, boards: Boards) -> Lamplighter:
    """What keeps message lamps of phones in step with the voicemail boxes."""
    lamplighter = Lamplighter(Notices(engine), library, boards)
    boards.tell_when_ready(lamplighter.start_anew)
    return lamplighter


async def _do_jobs(dispatcher: jobs.Dispatcher, boards: Boards) -> None:
    """Loading what does them takes a moment that calls found at the start have better uses for."""
    await boards.until_ready()
    await asyncio.sleep(_JOBS_AFTER_SECONDS)
    await _kept_up("jobs", dispatcher.run)


async def _kept_up(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever: an error in what calls can do without harms none of them."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("background_work_failed", work=name)
        await asyncio.sleep(_AGAIN_SECONDS)


async def _until_ready(boards: Boards, settings: Settings) -> None:
    try:
        async with asyncio.timeout(_READY_SECONDS):
            await boards.until_ready()
    except TimeoutError as error:
        places = ", ".join(f"{ari.host} port {ari.port}" for ari in settings.places.values())
        setting = "asterisks.NAME.host and port" if settings.asterisks else "ari.host and ari.port"
        raise SetupError(
            f"Asterisk's ARI does not answer on {places}; is it running, and are {setting} right?"
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
