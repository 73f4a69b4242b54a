"""Connects Asterisk's calls with the coroutines that carry them.

Claims what Asterisk broadcasts, starts one task per call, tells channels when they are gone, and
keeps our idea of channels and bridges equal to Asterisk's. One call's failure harms no other.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import structlog

from ivrserver.blocks.numbers import webhook_form
from ivrserver.cluster import Trust
from ivrserver.config import FIRST_ASTERISK, Settings
from ivrserver.errors import ConfigError, TelephonyError
from ivrserver.flow.kept import Replay
from ivrserver.flow.ports import Channel, IncomingCall
from ivrserver.flow.saved import SavedCall
from ivrserver.telephony.admission import ELSEWHERE_SECONDS, Admission
from ivrserver.telephony.adoption import Adoption
from ivrserver.telephony.bridge_recording import BridgeRecorder
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.client import Ari
from ivrserver.telephony.dialer import AriDialer
from ivrserver.telephony.listener import Listener
from ivrserver.telephony.live import Live
from ivrserver.telephony.mwi import Lamps
from ivrserver.telephony.reconciling import Reconciler
from ivrserver.telephony.router import Event, Router
from ivrserver.telephony.routes import Routes
from ivrserver.telephony.snapshot import look
from ivrserver.telephony.softphones import Softphones, user_of
from ivrserver.telephony.stored import StoredRecordings
from ivrserver.telephony.transport import Transport
from ivrserver.telephony.watching import UNWATCHED, AriWatcher

log = structlog.get_logger(__name__)

Handler = Callable[[Channel, IncomingCall | SavedCall], Awaitable[None]]
"""Carries one call, from its ring or from where another left it. The channel is hung up when it
returns."""

_SAVE_SECONDS = 10.0
"""How long the recordings of the last calls may take to be saved when we stop."""

_SETTLE_SECONDS = 1.0
"""Between the two looks after a connection: what is on its way then has arrived by the second."""


class Switchboard:
    """One controller's side of one Asterisk. Make it inside the running event loop.

    Args:
        chance: a random number in [0, 1).
        watcher: told how Asterisk answers.
        name: which of the Asterisks of `settings.places`.
        trust: whether the calls are still ours; calls that were left behind are then adopted
            (`adopt`, `clear`). None: there is only this controller, and they are taken down.
        admission: whether one more call is taken. None: as `limits.calls` says.

    Attributes:
        name: the Asterisk's.
        dialer: places legs through this Asterisk.
        lamps: the message lamps of its phones.
        softphones: browsers that call and are called here.
        recordings: what it has recorded.
        ready: set while connected and reconciled; calls are taken then.
        on_ready: called whenever that begins: Asterisk may have been started anew.
    """

    def __init__(
        self,
        settings: Settings,
        chance: Callable[[], float] = random.random,
        watcher: AriWatcher = UNWATCHED,
        *,
        name: str = FIRST_ASTERISK,
        trust: Trust | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.name = name
        self._trust = trust
        self._region = settings.account.region
        self._watcher = watcher
        self._transport = Transport(settings.places[name], trust)
        self._ari = Ari(self._transport, settings.ari.application, watcher, name)
        self._router = Router(watcher.heard, trust)
        self._live = Live()
        self._reconciler = Reconciler(self._ari, self._live, watcher, reaps=trust is None)
        self._listener = Listener(
            self._transport,
            self._ari,
            self._router,
            connected=self._on_connected,
            lost=self._on_lost,
            chance=chance,
        )
        self._tasks: asyncio.TaskGroup | None = None
        self._handle: Handler | None = None
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._draining = False
        self._admission = admission or Admission(settings.limits, lambda: self.calls, lambda: 0.0)
        self._endpoints = settings.trunks.keys() | settings.phones.keys()
        layout = settings.recording.layout
        self.recordings = StoredRecordings(self._ari, layout, settings.making_folder)
        self._recorder = BridgeRecorder(settings.recording_folder, layout, self.recordings, name)
        self.softphones = Softphones(self._ari, settings.softphone)
        self.dialer = AriDialer(
            self._ari,
            self._router,
            self._live,
            routes=Routes.by(settings),
            trunks=settings.trunks,
            recorder=self._recorder,
            softphones=self.softphones,
        )
        self.lamps = Lamps(self._ari, self._router)
        self.ready = asyncio.Event()
        self.on_ready: list[Callable[[], None]] = []
        self._router.otherwise("CallBroadcast", self._on_broadcast)
        self._router.otherwise("StasisStart", self._on_start)

    @property
    def is_ready(self) -> bool:
        """Whether it is connected and reconciled."""
        return self.ready.is_set()

    @property
    def calls(self) -> int:
        """How many calls are being carried."""
        return len(self._calls)

    @property
    def draining(self) -> bool:
        """Whether no more calls are taken."""
        return self._draining

    def replay_by(self, replay: Replay) -> None:
        """Let recordings that this Asterisk does not have be played by `replay`."""
        self._ari.elsewhere = replay

    @property
    def live(self) -> Live:
        """The channels and bridges of this controller."""
        return self._live

    async def run(self, handle: Handler) -> None:
        """Serve calls with `handle` until cancelled; live calls are then hung up (see `drain`).

        Raises:
            ConfigError: Asterisk refuses our login, or another controller has our name.
        """
        self._handle = handle
        listening = asyncio.create_task(self._listener.run())
        failure: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._reconciler.keep(self.ready))
                self._tasks.create_task(self.softphones.keep(self.ready))
                # The listener outlives the calls: they need it to hang up.
                await self._while_ours(listening)
        except* ConfigError as group:
            failure = group.exceptions[0]
        finally:
            await self._recorder.finish(_SAVE_SECONDS)
            listening.cancel()
            await asyncio.wait({listening})
            await self._transport.close()
        if failure is not None:
            raise failure

    async def _while_ours(self, listening: asyncio.Task[None]) -> None:
        try:
            await asyncio.shield(listening)
        except ConfigError:
            self.cut()  # Whoever has our name now has our calls too.
            raise

    async def drain(self, seconds: float) -> None:
        """Take no more calls, and wait up to `seconds` for those in progress."""
        self._draining = True
        if calls := set(self._calls.values()):
            log.info("draining", calls=len(calls), seconds=seconds)
            await asyncio.wait(calls, timeout=seconds)

    async def cut_short(self) -> None:
        """Hang up the calls that are still in progress."""
        for task in (late := list(self._calls.values())):
            task.cancel()
        if late:
            log.warning("calls_cut_short", calls=len(late))
            await asyncio.wait(late)

    # Calls that others have left behind, and that we leave to others.

    async def adopt(self, calls: Sequence[SavedCall], controller: str) -> None:
        """Go on with calls of `controller`, which is gone; returns when each has begun.

        Raises:
            TelephonyError: Asterisk cannot be asked what it holds.
        """
        adoption = await self._adoption(controller)
        await adoption.hang_up_legs(calls)
        for call in calls:
            channel = adoption.channel_of(call)
            self._carry_on(channel, call, adoption.settle(call, channel))

    async def clear(self, controller: str) -> None:
        """Take down what `controller`, which is gone, has left behind besides stored calls.

        Callers of whom nothing is stored yet are taken as new calls.

        Raises:
            TelephonyError: Asterisk cannot be asked what it holds.
        """
        adoption = await self._adoption(controller)
        await adoption.hang_up_legs(())
        await adoption.destroy_bridges()
        for channel_id in adoption.new_callers():
            if (start := await adoption.take_new(channel_id)) is not None:
                self._on_start(start)
        if controller == self._ari.application:
            self._reconciler.reaps = True

    async def _adoption(self, controller: str) -> Adoption:
        snapshot = await look(self._ari, controller)
        return Adoption(self._ari, self._router, self._live, snapshot, controller)

    async def leave(self) -> None:
        """Touch no call any more: others go on with them. Who waits alone hears music meanwhile."""
        self._draining = True
        bridged = {channel for held in (await self._ari.bridges()) for channel in held["channels"]}
        alone = self._calls.keys() - bridged
        held = (self._ari.start_hold(channel_id) for channel_id in alone)
        await asyncio.gather(*held, return_exceptions=True)
        self.cut()

    def cut(self) -> None:
        """Let no request reach Asterisk any more, and carry no call: they are not ours."""
        if self._trust is None:
            return
        self._trust.lose()
        for channel in self._live.channels.values():
            channel.handed_over = True
        for task in self._calls.values():
            task.cancel()

    # Calls come in.

    def _on_broadcast(self, event: Event) -> None:
        if not self._draining and self._tasks is not None:
            self._tasks.create_task(self._claim(event["channel"]["id"]))

    async def _claim(self, channel_id: str) -> None:
        """Take a broadcast call; its StasisStart follows. Losing it to another is no failure."""
        if self._admission.objection:
            await asyncio.sleep(ELSEWHERE_SECONDS)
        began = time.perf_counter()
        try:
            await self._ari.claim(channel_id)
        except TelephonyError as error:
            log.warning("claim_failed", channel=channel_id, error=type(error).__name__)
        self._admission.answered(time.perf_counter() - began)

    def _on_start(self, event: Event) -> None:
        asterisk = event["channel"]
        channel_id = asterisk["id"]
        if self._tasks is None or self._handle is None:
            return
        if event["args"]:
            # A leg that was given up while it was made, or back from an errand of another's.
            self._tasks.create_task(self._take_down(channel_id))
            return
        if self._draining:
            self._tasks.create_task(self._decline(channel_id))
            return
        if reason := self._admission.decide():
            self._watcher.refused(reason)
            self._tasks.create_task(self._refuse(channel_id))
            return
        endpoint, user = self._party(asterisk["name"])
        dialled = asterisk["dialplan"]["exten"]
        channel = AriChannel(
            self._ari,
            self._router,
            channel_id,
            up=asterisk["state"] == "Up",
            endpoint=endpoint,
        )
        self._live.add(channel)
        call = IncomingCall(
            number_called=webhook_form(dialled, self._region),
            caller_id=webhook_form(asterisk["caller"]["number"], self._region),
            endpoint=endpoint,
            asterisk=self.name,
            user=user,
            dialled=dialled if user else "",
        )
        self._carry_on(channel, call)

    def _carry_on(
        self,
        channel: AriChannel,
        call: IncomingCall | SavedCall,
        before: Coroutine[Any, Any, None] | None = None,
    ) -> None:
        """Carry a call in a task of its own; `before`: what comes first."""
        if self._tasks is None or self._handle is None:
            raise RuntimeError("calls are carried while `run` runs")
        channel_id = channel.channel_id
        task = self._tasks.create_task(self._carry(self._handle, channel, call, before))
        self._calls[channel_id] = task
        task.add_done_callback(lambda _: self._calls.pop(channel_id, None))

    def _party(self, channel_name: str) -> tuple[str, str]:
        """Trunk or phone, and the user of a softphone; both empty: a guest.

        Args:
            channel_name: such as ``PJSIP/carrier-0000001a``.
        """
        name = channel_name.partition("/")[2].rpartition("-")[0]
        return (name if name in self._endpoints else ""), user_of(name)

    async def _take_down(self, channel_id: str) -> None:
        """Hang a channel up that nobody carries."""
        with suppress(TelephonyError):
            await self._ari.hang_up(channel_id)

    async def _refuse(self, channel_id: str) -> None:
        """Refuse a call with SIP's 503."""
        with suppress(TelephonyError):
            await self._ari.hang_up(channel_id, "congestion")

    async def _decline(self, channel_id: str) -> None:
        """Give a call that we no longer take back to the dialplan, which has a fallback."""
        with suppress(TelephonyError):
            await self._ari.leave_to_dialplan(channel_id)

    async def _carry(
        self,
        handle: Handler,
        channel: AriChannel,
        call: IncomingCall | SavedCall,
        before: Coroutine[Any, Any, None] | None,
    ) -> None:
        """Run one call to its end; nothing but cancellation leaves here."""
        try:
            if before is not None:
                await before
            await handle(channel, call)
        except Exception as error:
            # The type alone: texts of errors may hold what the caller said or pressed.
            kind = type(error).__name__
            log.error("call_failed", channel=channel.channel_id, error=kind)  # noqa: TRY400 - a traceback may tell it too
        finally:
            # No leg outlives the call that it was placed for.
            legs = self._live.legs.get(channel.channel_id, ())
            await asyncio.gather(
                *(end.hang_up() for end in (channel, *legs)), return_exceptions=True
            )

    # Our idea of Asterisk, and Asterisk's.

    async def _on_connected(self) -> None:
        """Events may have been lost: look twice, then ask every channel how its media is."""
        await self._reconciler.reconcile()
        for channel in list(self._live.channels.values()):
            with suppress(TelephonyError):
                await channel.resync()
        self.ready.set()
        self._watcher.connected()
        for tell in self.on_ready:
            tell()
        await asyncio.sleep(_SETTLE_SECONDS)
        await self._reconciler.reconcile()

    def _on_lost(self) -> None:
        self.ready.clear()
