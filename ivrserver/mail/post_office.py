"""Tells the owners of voicemail boxes about messages, until each has been told or 24 h are over."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog

from ivrserver.blocks import Voicemail
from ivrserver.errors import IvrError, MailError, StorageError
from ivrserver.flow.ports import Clock, Library
from ivrserver.flow.post import Notice, Outbox
from ivrserver.mail.lamplighter import Lamplighter
from ivrserver.mail.letter import compose

LOOK_SECONDS: Final = 1.0
"""How often the outbox is looked at."""
AT_ONCE: Final = 4
"""Letters that are handed over at the same time."""
LEASE: Final = timedelta(minutes=5)
ATTEMPT_SECONDS: Final = 180.0
"""An attempt is given up well before its lease ends, so that nobody else makes it too."""

RETRIES: Final = (60, 120, 300, 600, 1200, 2400, 3600, 7200)
"""Seconds from an attempt that failed to the next; the last one repeats."""
JITTER: Final = 0.2
"""Share by which a pause is longer or shorter, so that not all try again together."""
GIVE_UP_AFTER: Final = timedelta(hours=24)
WITHOUT_RECORDING_AFTER: Final = 4
"""From this attempt on a letter goes out without a recording that cannot be had."""

log = structlog.get_logger(__name__)

FetchRecording = Callable[[str], Awaitable[bytes]]
"""The recording of that name as a WAV file; raises an `IvrError` if it cannot be had."""


class Carrier(Protocol):
    """Hands e-mail to a mail server."""

    @property
    def sender(self) -> str:
        """Our address."""
        ...

    async def hand_over(
        self, letter: EmailMessage, recipients: Sequence[str]
    ) -> dict[str, MailError]:
        """Give it away; say which of `recipients` were refused. Raises `MailError`: all were."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """Sends what is due in the outbox. Any number of them may share one.

    Attributes:
        library: says whom a box wants to be told.
        zone: the account's time zone.
        chance: spreads attempts.
        lamplighter: looks after the message lamps meanwhile.
    """

    outbox: Outbox
    library: Library
    carrier: Carrier
    recording: FetchRecording
    lamplighter: Lamplighter
    clock: Clock
    zone: ZoneInfo
    chance: random.Random

    async def run(self) -> None:
        """Send letters and show lamps for ever; the background task's body."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.lamplighter.run())
            tasks.create_task(self._deliver())

    async def _deliver(self) -> None:
        away = False
        while True:
            try:
                busy = await self.deliver_due()
            except StorageError as error:
                if not away:
                    log.warning("outbox_away", error=str(error))
                away, busy = True, False
            else:
                away = False
            if not busy:
                await asyncio.sleep(LOOK_SECONDS)

    async def deliver_due(self) -> bool:
        """Make an attempt for some of what is due; False: there was nothing.

        Raises:
            StorageError: the outbox cannot be read, or not written to.
        """
        now = self.clock.now()
        notices = await self.outbox.claim(now, now + LEASE, AT_ONCE)
        outcomes = await asyncio.gather(
            *(self._attempt(notice) for notice in notices), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return bool(notices)

    async def _attempt(self, notice: Notice) -> None:
        box = self.library.current().blocks.get(notice.block_id)
        wanted = box.email if isinstance(box, Voicemail) else ()
        addresses = [each for each in wanted if notice.left is None or each in notice.left]
        if not isinstance(box, Voicemail) or not addresses:
            await self.outbox.settle(notice)
            return
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                refused = await self._hand_over(notice, box, addresses)
        except MailError as error:
            refused = dict.fromkeys(addresses, error)
        except TimeoutError:
            refused = dict.fromkeys(addresses, MailError("it took too long"))
        except Exception as error:
            # One letter that cannot be written must not keep all others from being sent.
            named = type(error).__name__
            log.warning("mail_not_written", message=notice.message_id, error=named)
            refused = dict.fromkeys(addresses, MailError(named))
        await self._settle(notice, addresses, refused)

    async def _hand_over(
        self, notice: Notice, box: Voicemail, addresses: Sequence[str]
    ) -> dict[str, MailError]:
        letter = compose(
            notice,
            box,
            await self._recording_of(notice) if box.attach else None,
            sender=self.carrier.sender,
            recipients=addresses,
            zone=self.zone,
            now=self.clock.now(),
        )
        return await self.carrier.hand_over(letter, addresses)

    async def _recording_of(self, notice: Notice) -> bytes | None:
        try:
            return await self.recording(notice.recording)
        except IvrError as error:
            if notice.attempts >= WITHOUT_RECORDING_AFTER:
                return None
            raise MailError(f"the recording cannot be had: {error}") from error

    async def _settle(
        self, notice: Notice, addresses: Sequence[str], refused: dict[str, MailError]
    ) -> None:
        """Note who was told, and when those are tried again who may still be."""
        now = self.clock.now()
        left = [each for each, error in refused.items() if not error.final]
        given_up = bool(left) and now - notice.at >= GIVE_UP_AFTER
        pause = RETRIES[min(notice.attempts, len(RETRIES)) - 1]
        spread = self.chance.uniform(1 - JITTER, 1 + JITTER)
        await self.outbox.settle(
            notice,
            due=now + timedelta(seconds=pause * spread) if left and not given_up else None,
            left=left,
            sent_at=now if len(refused) < len(addresses) else None,
            error="; ".join(f"{each}: {error}" for each, error in refused.items()),
        )
        if refused:
            log.warning(
                "mail_not_sent",
                message=notice.message_id,
                attempt=notice.attempts,
                codes=sorted({error.code for error in refused.values()}),
                refused=len(refused),
                again=bool(left) and not given_up,
            )
