"""One playback on one channel, from its request to its Finished event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from ivrserver.errors import AriRefused, AriUnavailable
from ivrserver.flow.ports import PlaybackEnded, Sound
from ivrserver.telephony.client import Ari
from ivrserver.telephony.patience import insist
from ivrserver.telephony.router import Event, Router

MARGIN = 5.0
"""Seconds after its sounds should be over at which a playback is given up."""

_SCHEMES = ("sound:", "recording:", "number:", "digits:", "characters:")
"""What Asterisk plays to an end. It accepts an unknown scheme and then never finishes; ``tone:``
never ends by itself either."""


_IDS = 8
"""Ids that playbacks of one channel take in turn: one is free again long before its turn comes."""


def playback_ids(channel_id: str) -> list[str]:
    """Made of the channel's own id: another controller can end what this one has begun."""
    return [f"play-{channel_id}-{number}" for number in range(_IDS)]


def unplayable(sounds: Sequence[Sound]) -> str:
    """Why Asterisk could not play these; empty: it can, as far as can be told here."""
    for sound in sounds:
        if not sound.uri.startswith(_SCHEMES):
            return f"Asterisk has no way to play {sound.uri.partition(':')[0]}: URIs"
        if "," in sound.uri:
            return "a media URI must not contain a comma: Asterisk would take it for two"
    return ""


class Playback:
    """Sounds that play, or have played, one after the other.

    `ended` is called once, unless `end` comes first.

    Attributes:
        overdue: its end did not come in time, which was told instead.
    """

    def __init__(
        self,
        ari: Ari,
        router: Router,
        playback_id: str,
        sounds: Sequence[Sound],
        ended: Callable[[PlaybackEnded], None],
    ) -> None:
        self._ari, self._router = ari, router
        self.playback_id, self.overdue = playback_id, False
        self._media = [sound.uri for sound in sounds]
        self._seconds = sum(sound.seconds for sound in sounds)
        self._report: Callable[[PlaybackEnded], None] | None = ended
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    async def start(self, channel_id: str) -> None:
        """Ask for it. What Asterisk refuses to play has ended with that error.

        A request whose connection broke is made again: the playback's own id tells whether the
        first one arrived.
        """
        self._router.listen(self.playback_id, self._on_event)
        try:
            if missing := await self._located():
                self._finish(f"there is no recording {missing}")
                return
            try:
                await self._ari.play(channel_id, self.playback_id, self._media)
            except AriUnavailable:
                await insist(lambda: self._play_unless_it_plays(channel_id))
            if not self._over.done():
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(self._seconds + MARGIN, self._give_up)
        except AriRefused as error:
            self._finish(str(error))
        except asyncio.CancelledError:
            # It may play: whoever comes next on this channel ends it.
            raise
        except BaseException:
            self.forget()
            raise

    async def _play_unless_it_plays(self, channel_id: str) -> None:
        if not await self._ari.is_playing(self.playback_id):
            await self._ari.play(channel_id, self.playback_id, self._media)

    async def _located(self) -> str:
        """Find the recordings that another Asterisk has made; return one that nobody has.

        Asterisk would neither say that it has none of that name, nor finish.
        """
        for place, uri in enumerate(self._media):
            kind, _, name = uri.partition(":")
            if kind != "recording":
                continue
            with suppress(AriUnavailable):
                if await self._ari.has_recording(name):
                    continue
                found = await self._ari.elsewhere(name)
                if not found:
                    return name
                self._media[place] = found
        return ""

    async def end(self) -> None:
        """Silence it; returns when Asterisk has stopped. Nothing is reported."""
        self._report = None
        if not self._over.done() and await insist(self._stopped):
            await asyncio.wait({self._over}, timeout=MARGIN)
        self.forget()

    async def _stopped(self) -> bool:
        return await self._ari.stop_playback(self.playback_id)

    async def resync(self) -> None:
        """After events may have been lost: find out whether it goes on."""
        if not self._over.done() and not await self._ari.is_playing(self.playback_id):
            self._finish("")

    def forget(self) -> None:
        """Nobody is interested any more: let go of timers and ids."""
        self._report = None
        self._finish("")

    def _on_event(self, event: Event) -> None:
        failed = event["playback"].get("state") == "failed"
        self._finish("Asterisk could not play it" if failed else "")

    def _give_up(self) -> None:
        """Its end is overdue. It may still play, so it is not over yet."""
        self.overdue = True
        self._tell(f"no end {MARGIN:g} s after its {self._seconds:.1f} s were over")

    def _finish(self, error: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._router.forget(self.playback_id)
        if not self._over.done():
            self._over.set_result(None)
        self._tell(error)

    def _tell(self, error: str) -> None:
        report, self._report = self._report, None
        if report is not None:
            report(PlaybackEnded(self.playback_id, error))
