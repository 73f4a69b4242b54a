"""Adapter: the database, and the files that belong to it. The only place that knows SQL.

`database` gives the engine that everything else here takes; `migrate` makes it ready.
"""

from ivrserver.storage.accounts import Accounts
from ivrserver.storage.api_keys import ApiKey, ApiKeys
from ivrserver.storage.attempts import Attempts
from ivrserver.storage.audio_library import AudioLibrary, LibrarySound
from ivrserver.storage.audit import Audit, AuditFilter, AuditPage, Deed, Entry
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
    CallFilter,
    CallList,
    CallState,
    CallSummary,
    LiveCall,
    LiveCalls,
    NumberedEvent,
    Page,
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
    "TABLES",
    "Accounts",
    "AnswerRow",
    "ApiKey",
    "ApiKeys",
    "Attempts",
    "AudioLibrary",
    "Audit",
    "AuditFilter",
    "AuditPage",
    "CallDetails",
    "CallFilter",
    "CallList",
    "CallRow",
    "CallState",
    "CallSummary",
    "Calls",
    "Changes",
    "Controllers",
    "Deed",
    "Entry",
    "FlowFiles",
    "Jobs",
    "Journal",
    "KeptReplies",
    "Library",
    "LibrarySound",
    "LiveCall",
    "LiveCalls",
    "Mailboxes",
    "NamedFile",
    "Notices",
    "NumberedEvent",
    "Page",
    "Passwords",
    "RecordingRows",
    "RespondentRow",
    "Retention",
    "RevisionRow",
    "Revisions",
    "Schema",
    "SchemaState",
    "Session",
    "Sessions",
    "Snapshot",
    "Transcripts",
    "User",
    "Users",
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
