"""Boxes, messages and stand-ins for tests of e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from ivrserver.blocks import Account, Block, Voicemail
from ivrserver.errors import AriUnavailable, MailError, MediaFailed, StorageError
from ivrserver.flow.post import Notice, Waiting
from ivrserver.mail import PostOffice
from tests.fakes import FakeClock, FakeLibrary

LEFT = datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
BOX = Voicemail(block_id=300, name="Office", email=("a@example.com", "b@example.com"))
WAV = b"RIFF" + bytes(range(256)) * 4


def notice(message_id: str = "m1", **changes: object) -> Notice:
    given = {
        "message_id": message_id, "block_id": 300, "at": LEFT, "caller_id": "2125550123",
        "recording": f"rec-{message_id}", "seconds": 64.4,
    }  # fmt: skip
    return Notice(**(given | changes))


class FakeNotices:
    """Keeps notices in memory, as `flow.post.Notices` says."""

    def __init__(self, *notices: Notice) -> None:
        self.messages = {each.message_id: each for each in notices}
        self.counts: dict[int, Waiting] = {}
        self.away = False

    async def about(self, message_id: str) -> Notice | None:
        self._reach()
        return self.messages.get(message_id)

    async def waiting(self) -> Mapping[int, Waiting]:
        self._reach()
        return self.counts

    def _reach(self) -> None:
        if self.away:
            raise StorageError("the database is away")


class FakeCarrier:
    """A mail server that refuses as told; `seconds` is how long each letter takes."""

    sender = "phone@example.com"

    def __init__(self) -> None:
        self.letters: list[tuple[EmailMessage, list[str]]] = []
        self.refuses: dict[str, MailError] = {}
        self.down: MailError | None = None

    async def hand_over(
        self, letter: EmailMessage, recipients: Sequence[str]
    ) -> dict[str, MailError]:
        if self.down is not None:
            raise self.down
        refused = {each: self.refuses[each] for each in recipients if each in self.refuses}
        told = [each for each in recipients if each not in refused]
        if told:
            self.letters.append((letter, told))
        return refused


@dataclass
class FakeLamps:
    """Remembers what each phone was told."""

    told: list[tuple[str, int, int]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    async def show(self, phone: str, new: int, saved: int) -> None:
        if phone in self.broken:
            raise AriUnavailable("Asterisk is not connected")
        self.told.append((phone, new, saved))


@dataclass
class Office:
    """A post office and everything around it."""

    notices: FakeNotices = field(default_factory=FakeNotices)
    carrier: FakeCarrier = field(default_factory=FakeCarrier)
    recordings_away: bool = False

    def open(self, *blocks: Block) -> PostOffice:
        return PostOffice(
            library=FakeLibrary(Account(blocks=blocks or (BOX,))),
            carrier=self.carrier,
            recording=self._recording,
            clock=FakeClock(),
            zone=BERLIN,
        )

    async def _recording(self, name: str) -> bytes:
        if self.recordings_away:
            raise MediaFailed("the recording is not there")
        return WAV + name.encode()
