"""The tables, each in the room of what it tells of; `metadata` has all of them."""

from ivrserver.storage.tables.access import api_keys, audit, kept_replies, secrets, sessions, users
from ivrserver.storage.tables.calling import (
    LONGEST_HOST,
    LONGEST_SHORT,
    answers,
    calls,
    checkpoints,
    controllers,
    failed_attempt,
    jobs,
    respondents,
    short_answer,
    timeline,
    webhook_attempts,
)
from ivrserver.storage.tables.columns import UtcTime, metadata, utc_text
from ivrserver.storage.tables.flows import (
    account,
    audio_files,
    blocks,
    numbers,
    questions,
    revisions,
)
from ivrserver.storage.tables.recorded import recordings, transcripts
from ivrserver.storage.tables.totals import (
    asked,
    marks,
    report_days,
    report_questions,
    report_runs,
    report_values,
)
from ivrserver.storage.tables.voicemail import mailboxes, message_transcripts, messages

__all__ = [
    "LONGEST_HOST",
    "LONGEST_SHORT",
    "UtcTime",
    "account",
    "answers",
    "api_keys",
    "asked",
    "audio_files",
    "audit",
    "blocks",
    "calls",
    "checkpoints",
    "controllers",
    "failed_attempt",
    "jobs",
    "kept_replies",
    "mailboxes",
    "marks",
    "message_transcripts",
    "messages",
    "metadata",
    "numbers",
    "questions",
    "recordings",
    "report_days",
    "report_questions",
    "report_runs",
    "report_values",
    "respondents",
    "revisions",
    "secrets",
    "sessions",
    "short_answer",
    "timeline",
    "transcripts",
    "users",
    "utc_text",
    "webhook_attempts",
]
