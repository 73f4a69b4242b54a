"""What the portal and the REST API read of calls: lists by pages, counts, live calls.

Lists are read by keyset cursors (`paging`), never by offsets, and every filter has an index or is
bounded by one. What would count millions of answers reads totals of days that are over (`days`) and
counts the rest.
"""

from ivrserver.storage.reports.calls import CallFilter, CallList, CallSummary
from ivrserver.storage.reports.live import CallState, LiveCall, LiveCalls, NumberedEvent
from ivrserver.storage.reports.paging import Page

__all__ = [
    "CallFilter",
    "CallList",
    "CallState",
    "CallSummary",
    "LiveCall",
    "LiveCalls",
    "NumberedEvent",
    "Page",
]
