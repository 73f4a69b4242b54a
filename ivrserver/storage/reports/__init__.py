"""What the portal and the REST API read of calls: lists by pages, counts, live calls.

Lists are read by keyset cursors (`paging`), never by offsets, and every filter has an index or is
bounded by one. What would count millions of answers reads totals of days that are over (`days`) and
counts the rest.
"""

from ivrserver.storage.reports.answers import (
    DayOfAnswers,
    DayOfRuns,
    IvrReports,
    QuestionReport,
    Runs,
)
from ivrserver.storage.reports.calls import CallFilter, CallList, CallSummary
from ivrserver.storage.reports.days import DayTotals
from ivrserver.storage.reports.inbox import BoxCount, Inbox, MessageRow, MessageState
from ivrserver.storage.reports.live import CallState, LiveCall, LiveCalls, NumberedEvent
from ivrserver.storage.reports.message_texts import MessageText, TextState
from ivrserver.storage.reports.paging import Page
from ivrserver.storage.reports.problems import (
    FailedCalls,
    GivenUp,
    ProblemReports,
    Problems,
    UnstoredRecordings,
)
from ivrserver.storage.reports.respondents import (
    Cell,
    QuestionColumn,
    RunFilter,
    RunRow,
    RunState,
    RunTable,
)
from ivrserver.storage.reports.volume import (
    CallVolume,
    DayOfCalls,
    HourOfCalls,
    TodayAndYesterday,
    Volume,
)
from ivrserver.storage.reports.webhooks import (
    NO_REPLY,
    AttemptFilter,
    AttemptRow,
    FailureReason,
    Latency,
    WebhookHealth,
    WebhookReports,
)

__all__ = [
    "NO_REPLY",
    "AttemptFilter",
    "AttemptRow",
    "BoxCount",
    "CallFilter",
    "CallList",
    "CallState",
    "CallSummary",
    "CallVolume",
    "Cell",
    "DayOfAnswers",
    "DayOfCalls",
    "DayOfRuns",
    "DayTotals",
    "FailedCalls",
    "FailureReason",
    "GivenUp",
    "HourOfCalls",
    "Inbox",
    "IvrReports",
    "Latency",
    "LiveCall",
    "LiveCalls",
    "MessageRow",
    "MessageState",
    "MessageText",
    "NumberedEvent",
    "Page",
    "ProblemReports",
    "Problems",
    "QuestionColumn",
    "QuestionReport",
    "RunFilter",
    "RunRow",
    "RunState",
    "RunTable",
    "Runs",
    "TextState",
    "TodayAndYesterday",
    "UnstoredRecordings",
    "Volume",
    "WebhookHealth",
    "WebhookReports",
]
