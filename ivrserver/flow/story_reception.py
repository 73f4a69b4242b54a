"""The lines of a story about receptionists and voicemail boxes."""

from __future__ import annotations

from typing import assert_never

from ivrserver.flow.events import (
    MailboxChanged,
    MailboxOpened,
    MailboxRefused,
    MenuChosen,
    MenuFailed,
    MenuPlayed,
    OpeningChecked,
    VoicemailDropped,
    VoicemailLeft,
)
from ivrserver.flow.transcribed import VoicemailTranscribed

ReceptionEvent = (
    OpeningChecked
    | MenuPlayed
    | MenuChosen
    | MenuFailed
    | VoicemailLeft
    | VoicemailTranscribed
    | VoicemailDropped
    | MailboxOpened
    | MailboxRefused
    | MailboxChanged
)


def told(event: ReceptionEvent) -> tuple[str, ...]:
    """Who acts, and what they do."""
    match event:
        case OpeningChecked(_, reason):
            return "hours", reason
        case MenuPlayed(attempt, reason):
            return "menu", f"offered{f', try {attempt}' if attempt > 1 else ''}: {reason}"
        case MenuChosen(keys, to, reason):
            return "caller", f"presses {keys}, {reason}: to {to}"
        case MenuFailed(keys, reason):
            return "caller", f"presses {keys or 'nothing'}: {reason}"
        case VoicemailLeft(message_id, block_id, length):
            return "voicemail", f"a message of {length:.1f} s in box {block_id} ({message_id})"
        case VoicemailTranscribed(message_id, block_id, words, engine):
            said = f"{words} word{'' if words == 1 else 's'}" if words else "nothing made out"
            return "written", f"message in box {block_id}: {said}, {engine} ({message_id})"
        case VoicemailDropped(block_id, reason):
            return "voicemail", f"no message in box {block_id}: {reason}"
        case MailboxOpened(block_id, new, saved):
            return "mailbox", f"box {block_id} is opened: {new} new, {saved} saved"
        case MailboxRefused(block_id, reason):
            return "mailbox", f"box {block_id} stays closed: {reason}"
        case MailboxChanged(block_id, what, message_id):
            return "mailbox", f"box {block_id}: {what}{f' ({message_id})' if message_id else ''}"
        case _:
            assert_never(event)
