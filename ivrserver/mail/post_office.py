"""Tells the owners of a voicemail box about a message, as far as they can be told now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog

from ivrserver.blocks import Voicemail
from ivrserver.errors import IvrError, MailError
from ivrserver.flow.ports import Clock, Library
from ivrserver.flow.post import Notice
from ivrserver.mail.letter import compose

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


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an attempt.

    Attributes:
        somebody: at least one owner was told.
        left: addresses that may still be told later.
        error: why not all were told, for people; it quotes addresses.
    """

    somebody: bool = False
    left: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """Writes letters and hands them over.

    Attributes:
        library: says whom a box wants to be told.
        zone: the account's time zone.
    """

    library: Library
    carrier: Carrier
    recording: FetchRecording
    clock: Clock
    zone: ZoneInfo

    async def tell(
        self, notice: Notice, *, attempt: int = 1, only: Sequence[str] | None = None
    ) -> Told:
        """Tell whom the box names, once.

        Args:
            notice: the message.
            attempt: how often that was tried, this time included.
            only: nobody else; None: everybody.
        """
        box = self.library.current().blocks.get(notice.block_id)
        wanted = box.email if isinstance(box, Voicemail) else ()
        addresses = [each for each in wanted if only is None or each in only]
        if not isinstance(box, Voicemail) or not addresses:
            return Told()
        try:
            refused = await self._hand_over(notice, box, addresses, attempt)
        except MailError as error:
            refused = dict.fromkeys(addresses, error)
        except Exception as error:
            # Its text may quote the letter.
            named = type(error).__name__
            log.warning("mail_not_written", message=notice.message_id, error=named)
            refused = dict.fromkeys(addresses, MailError(named))
        if refused:
            codes = sorted({error.code for error in refused.values()})
            log.warning(
                "mail_not_sent", message=notice.message_id, codes=codes, refused=len(refused)
            )
        return Told(
            somebody=len(refused) < len(addresses),
            left=tuple(each for each, error in refused.items() if not error.final),
            error="; ".join(f"{each}: {error}" for each, error in refused.items()),
        )

    async def _hand_over(
        self, notice: Notice, box: Voicemail, addresses: Sequence[str], attempt: int
    ) -> dict[str, MailError]:
        letter = compose(
            notice,
            box,
            await self._recording_of(notice, attempt) if box.attach else None,
            sender=self.carrier.sender,
            recipients=addresses,
            zone=self.zone,
            now=self.clock.now(),
        )
        return await self.carrier.hand_over(letter, addresses)

    async def _recording_of(self, notice: Notice, attempt: int) -> bytes | None:
        try:
            return await self.recording(notice.recording)
        except IvrError as error:
            if attempt >= WITHOUT_RECORDING_AFTER:
                return None
            raise MailError(f"the recording cannot be had: {error}") from error
