"""Boxes, messages and stand-ins for tests of e-mail."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from ivrserver.blocks import Account, Block, Voicemail
from ivrserver.errors import AriUnavailable, MailError, MediaFailed, StorageError
from ivrserver.flow.post import Notice, Waiting
from ivrserver.mail import Lamplighter, PostOffice
from tests.fakes import FakeClock, FakeLibrary

LEFT = datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
BOX = Voicemail(block_id=300, name="Office", email=("a@example.com", "b@example.com"))
WAV = b"RIFF" + bytes(range(256)) * 4


def notice(message_id: str = "m1", **changes: object) -> Notice:
    given = {
        "message_id": message_id, "block_id": 300, "at": LEFT, "caller_id": "2125550123",
        "recording": f"rec-{message_id}", "seconds": 64.4, "attempts": 1, "left": None,
        "lease": LEFT + timedelta(minutes=5),
    }  # fmt: skip
    return Notice(**(given | changes))


class FakeOutbox:
    """Keeps notices in memory, as `flow.post.Outbox` says."""

    def __init__(self, *notices: Notice) -> None:
        self.due: dict[str, tuple[datetime, Notice]] = {
            each.message_id: (each.at, replace(each, attempts=0)) for each in notices
        }
        self.settled: list[tuple[str, bool, str]] = []
        """Message, whether somebody was told, and why others were not, in order."""
        self.counts: dict[int, Waiting] = {}
        self.away = False

    async def claim(self, now: datetime, lease: datetime, limit: int) -> list[Notice]:
        self._reach()
        taken = []
        for name, (due, kept) in list(self.due.items()):
            if due <= now and len(taken) < limit:
                taken.append(replace(kept, attempts=kept.attempts + 1, lease=lease))
                self.due[name] = (lease, taken[-1])
        return taken

    async def settle(
        self,
        notice: Notice,
        *,
        due: datetime | None = None,
        left: Sequence[str] = (),
        sent_at: datetime | None = None,
        error: str = "",
    ) -> None:
        self._reach()
        self.settled.append((notice.message_id, sent_at is not None, error))
        if due is None:
            del self.due[notice.message_id]
        else:
            self.due[notice.message_id] = (due, replace(notice, left=tuple(left) or None))

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

    outbox: FakeOutbox
    carrier: FakeCarrier = field(default_factory=FakeCarrier)
    lamps: FakeLamps = field(default_factory=FakeLamps)
    recordings_away: bool = False

    def open(self, *blocks: Block) -> PostOffice:
        library = FakeLibrary(Account(blocks=blocks or (BOX,)))
        return PostOffice(
            outbox=self.outbox,
            library=library,
            carrier=self.carrier,
            recording=self._recording,
            lamplighter=Lamplighter(self.outbox, library, self.lamps),
            clock=FakeClock(),
            zone=BERLIN,
            chance=random.Random(1),
        )

    async def _recording(self, name: str) -> bytes:
        if self.recordings_away:
            raise MediaFailed("the recording is not there")
        return WAV + name.encode()
