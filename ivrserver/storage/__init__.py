"""Adapter: the database, and the files that belong to it. The only place that knows SQL.

`database` gives the engine that everything else here takes; `migrate` makes it ready.
"""

from ivrserver.storage.accounts import Accounts
from ivrserver.storage.api_keys import ApiKey, ApiKeys
from ivrserver.storage.attempts import Attempts
from ivrserver.storage.audio_library import AudioLibrary, LibrarySound
from ivrserver.storage.audit import Audit, AuditFilter, Deed, Entry
from ivrserver.storage.calls import AnswerRow, CallDetails, CallRow, Calls, RespondentRow
from ivrserver.storage.controllers import Controllers
from ivrserver.storage.database import database, ensure_writable, place_of
from ivrserver.storage.flowfiles import FlowFiles, read_flow_files, write_flow_file
from ivrserver.storage.jobs import Jobs
from ivrserver.storage.journal import Journal, open_journal
from ivrserver.storage.kept_replies import KeptReplies
from ivrserver.storage.library import Library, open_library
from ivrserver.storage.mailboxes import Mailboxes
from ivrserver.storage.merge import Changes
from ivrserver.storage.notices import Notices
from ivrserver.storage.passwords import Passwords
from ivrserver.storage.recordings import RecordingRows
from ivrserver.storage.reports import (
    NO_REPLY,
    AttemptFilter,
    AttemptRow,
    BoxCount,
    CallFilter,
    CallList,
    CallState,
    CallSummary,
    CallVolume,
    Cell,
    DayOfAnswers,
    DayOfCalls,
    DayOfRuns,
    DayTotals,
    FailedCalls,
    FailureReason,
    GivenUp,
    HourOfCalls,
    Inbox,
    IvrReports,
    Latency,
    LiveCall,
    LiveCalls,
    MessageRow,
    MessageState,
    NumberedEvent,
    Page,
    ProblemReports,
    Problems,
    QuestionColumn,
    QuestionReport,
    RunFilter,
    RunRow,
    Runs,
    RunState,
    RunTable,
    TodayAndYesterday,
    UnstoredRecordings,
    Volume,
    WebhookHealth,
    WebhookReports,
)
from ivrserver.storage.retention import Retention
from ivrserver.storage.revisions import RevisionRow, Revisions
from ivrserver.storage.schema import BASE, Schema, SchemaState, migrate, schema_state
from ivrserver.storage.secrets import shared_secret
from ivrserver.storage.sessions import Session, Sessions
from ivrserver.storage.snapshot import (
    TABLES,
    NamedFile,
    Snapshot,
    beats,
    is_empty,
    replace_all,
    snapshot,
)
from ivrserver.storage.transcripts import Transcripts
from ivrserver.storage.users import User, Users

__all__ = [
    "BASE",
    "NO_REPLY",
    "TABLES",
    "Accounts",
    "AnswerRow",
    "ApiKey",
    "ApiKeys",
    "AttemptFilter",
    "AttemptRow",
    "Attempts",
    "AudioLibrary",
    "Audit",
    "AuditFilter",
    "BoxCount",
    "CallDetails",
    "CallFilter",
    "CallList",
    "CallRow",
    "CallState",
    "CallSummary",
    "CallVolume",
    "Calls",
    "Cell",
    "Changes",
    "Controllers",
    "DayOfAnswers",
    "DayOfCalls",
    "DayOfRuns",
    "DayTotals",
    "Deed",
    "Entry",
    "FailedCalls",
    "FailureReason",
    "FlowFiles",
    "GivenUp",
    "HourOfCalls",
    "Inbox",
    "IvrReports",
    "Jobs",
    "Journal",
    "KeptReplies",
    "Latency",
    "Library",
    "LibrarySound",
    "LiveCall",
    "LiveCalls",
    "Mailboxes",
    "MessageRow",
    "MessageState",
    "NamedFile",
    "Notices",
    "NumberedEvent",
    "Page",
    "Passwords",
    "ProblemReports",
    "Problems",
    "QuestionColumn",
    "QuestionReport",
    "RecordingRows",
    "RespondentRow",
    "Retention",
    "RevisionRow",
    "Revisions",
    "RunFilter",
    "RunRow",
    "RunState",
    "RunTable",
    "Runs",
    "Schema",
    "SchemaState",
    "Session",
    "Sessions",
    "Snapshot",
    "TodayAndYesterday",
    "Transcripts",
    "UnstoredRecordings",
    "User",
    "Users",
    "Volume",
    "WebhookHealth",
    "WebhookReports",
    "beats",
    "database",
    "ensure_writable",
    "is_empty",
    "migrate",
    "open_journal",
    "open_library",
    "place_of",
    "read_flow_files",
    "replace_all",
    "schema_state",
    "shared_secret",
    "snapshot",
    "write_flow_file",
]
