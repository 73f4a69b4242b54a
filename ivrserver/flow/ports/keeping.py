"""What a call needs of the flows in force, of time, and to keep what happens."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ivrserver.blocks import FlowBook
from ivrserver.flow.records import Record


class Journal(Protocol):
    """Keeps what happens."""

    def write(self, record: Record) -> None:
        """Queue `record`; order is kept. Never waits, never raises."""
        ...

    async def commit(self) -> None:
        """Return when everything written before is durable.

        When the database is away it returns after a bounded wait, and the records are kept and
        written when it is back (SPEC §13).
        """
        ...


class Library(Protocol):
    """The flows in force."""

    def current(self) -> FlowBook:
        """The newest revision known here; at most about a second behind the database."""
        ...


class Clock(Protocol):
    """Wall-clock time."""

    def now(self) -> datetime:
        """Now, in UTC, timezone-aware."""
        ...
