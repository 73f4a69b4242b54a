"""Two lines in the log for each call: when it began, and how it ended."""

from __future__ import annotations

import structlog

from ivrserver.flow.ports import Journal
from ivrserver.flow.records import CallClosed, CallOpened, Record
from ivrserver.monitoring.call_ids import began

log = structlog.get_logger(__name__)


class LoggedJournal:
    """Logs the ends of calls on their way into another journal. Who called whom is not logged."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def write(self, record: Record) -> None:
        """See `Journal.write`."""
        self._journal.write(record)
        match record:
            case CallOpened(call_id=call, channel_id=channel, phone_label=label):
                log.info("call_started", call=call, channel=channel, phone_label=label)
            case CallClosed(call_id=call, reason=reason):
                since = began(call)
                seconds = round((record.at - since).total_seconds(), 1) if since else None
                log.info("call_ended", call=call, reason=reason, seconds=seconds)

    async def commit(self) -> None:
        """See `Journal.commit`."""
        await self._journal.commit()
