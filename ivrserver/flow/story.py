"""A timeline told to people: one line an event, more where there is more to see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from ivrserver.flow import story_legs, story_reception
from ivrserver.flow.events import (
    ActionChosen,
    AnswerAccepted,
    AnswerRejected,
    BackupRouted,
    BlockEntered,
    BlockLeft,
    Bridged,
    CallAnswered,
    CallContinued,
    CallEnded,
    CallRouted,
    CallStarted,
    Event,
    GroupDialled,
    HoldStarted,
    LegDecided,
    LegDialled,
    LegScreened,
    MailboxChanged,
    MailboxOpened,
    MailboxRefused,
    MenuChosen,
    MenuFailed,
    MenuPlayed,
    OpeningChecked,
    PromptPlayed,
    PromptStopped,
    QuestionAsked,
    RecordingEnded,
    RecordingStarted,
    Referred,
    Unbridged,
    VoicemailDropped,
    VoicemailLeft,
    Warned,
    WebhookAnswered,
    WebhookMissed,
    WebhookRequested,
    WordHeard,
)
from ivrserver.flow.records import TimelineEntry
from ivrserver.flow.transcribed import Transcribed, VoicemailTranscribed

_ACTOR_WIDTH = 9
_INDENT = " " * (8 + 2 + _ACTOR_WIDTH + 2)
# Control characters, line breaks, and what turns the direction of writing.
_OBEYED = re.compile("[\0-\x08\n-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One event, told.

    Attributes:
        seconds: since the first event of the call.
        actor: who acts, in a word.
        leg: the number of the leg in its block that it is about; 0: none.
        text: what they do; it may be printed.
        more: further lines.
    """

    seconds: float
    actor: str
    leg: int
    text: str
    more: tuple[str, ...]


def story(entries: Sequence[TimelineEntry]) -> Iterator[StoryLine]:
    """Yield one line for each event of a call.

    What concerns a leg names it: ``leg 2`` is the second one that its block has dialled.
    """
    legs: dict[str, int] = {}
    for entry in entries:
        match entry.event:
            case BlockEntered():
                legs.clear()
            case LegDialled(leg_id):
                legs[leg_id] = len(legs) + 1
        number = legs.get(entry.leg_id, 0)
        actor, text, *more = _told(entry.event)
        leg = f"leg {number}: " if number else ""
        seconds = (entry.at - entries[0].at).total_seconds()
        yield StoryLine(seconds, actor, number, shown(leg + text), tuple(map(shown, more)))


def tell(entries: Sequence[TimelineEntry]) -> Iterator[str]:
    """Yield the lines of a call's story as text; times are seconds since its first event."""
    for line in story(entries):
        yield f"{line.seconds:7.2f}s  {line.actor:<{_ACTOR_WIDTH}}  {line.text}"
        for more in line.more:
            yield f"{_INDENT}{more}"


def shown(line: str) -> str:
    """A line that may be printed: callers and web servers choose parts of it, a terminal obeys."""
    return _OBEYED.sub(lambda found: repr(found.group())[1:-1], line)


def _told(event: Event) -> tuple[str, ...]:  # noqa: PLR0912 - one case an event is the point
    """Who acts, what they do, and further lines."""
    match event:
        case CallStarted(number_called, caller_id):
            return "call", f"{caller_id or 'an unknown caller'} calls {number_called}"
        case CallContinued(controller, doing):
            return "call", f"{controller} goes on with it, {doing}"
        case CallRouted(to, reason):
            return "route", f"to {to}: {reason}"
        case CallAnswered():
            return "call", "answered"
        case BlockEntered(block_id, name, reason, kind=kind):
            return "enter", f"{_block(kind, block_id)} “{name}”: {reason}"
        case BlockLeft(block_id, completed, reason, "ivr"):
            return "leave", f"IVR {block_id}, {_completed(completed)}: {reason}"
        case BlockLeft(block_id, _, reason, kind):
            return "leave", f"{_block(kind, block_id)}: {reason}"
        case QuestionAsked(question_id, name, attempt, reason):
            again = f", try {attempt}" if attempt > 1 else ""
            return "question", f"{question_id} “{name}”{again}: {reason}"
        case PromptPlayed(text, length):
            return "says", f"“{text}”" + (f" ({length:.1f} s)" if length else "")
        case PromptStopped(reason):
            return "stops", reason
        case AnswerAccepted(question_id, value, keys, reason):
            return "caller", f"{_presses(keys)}: {value} ({reason})"
        case AnswerRejected(question_id, keys, reason):
            return "caller", f"{_presses(keys)}: does not count, {reason}"
        case RecordingStarted():
            return "record", "a recording begins"
        case RecordingEnded(name, length, reason):
            return "record", f"{length:.1f} s recorded, {reason} ({name})"
        case Transcribed(question_id, name, text, engine):
            said = f"“{text}”" if text else "nothing that could be made out"
            return "written", f"{question_id} “{name}”: {said} ({engine})"
        case WebhookRequested(method, url, parameters, attempt):
            again = f" (attempt {attempt})" if attempt > 1 else ""
            sent = (f"{name} = {value}" for name, value in parameters.items())
            return "webhook", f"{method} {url}{again}", *sent
        case WebhookAnswered(status, body, length):
            return "reply", f"{status} after {length:.3f} s", *body.splitlines()
        case WebhookMissed(reason, length):
            return "reply", f"none after {length:.3f} s: {reason}"
        case ActionChosen(action, warnings):
            return "action", action, *(f"warning: {warning}" for warning in warnings)
        case BackupRouted(to, reason):
            return "backup", f"{to}: {reason}"
        case HoldStarted(reason):
            return "hold", reason
        case (
            LegDialled()
            | LegDecided()
            | GroupDialled()
            | LegScreened()
            | WordHeard()
            | Referred()
            | Bridged()
            | Unbridged()
        ):
            return story_legs.told(event)
        case (
            OpeningChecked()
            | MenuPlayed()
            | MenuChosen()
            | MenuFailed()
            | VoicemailLeft()
            | VoicemailTranscribed()
            | VoicemailDropped()
            | MailboxOpened()
            | MailboxRefused()
            | MailboxChanged()
        ):
            return story_reception.told(event)
        case Warned(text):
            return "warning", text
        case CallEnded(reason, detail):
            return "end", f"{reason.replace('_', ' ')}: {detail}"
        case _:
            assert_never(event)


_KINDS = {"ivr": "IVR", "findme": "FindMe"}


def _block(kind: str, block_id: int) -> str:
    """A block by its kind and id; a dynamic FindMe has none."""
    return f"{_KINDS.get(kind, kind)} {block_id or ''}".rstrip()


def _completed(completed: bool) -> str:
    return "completed" if completed else "not completed"


def _presses(keys: int) -> str:
    if keys == 0:
        return "gives nothing"
    return f"presses {keys} key{'s' if keys > 1 else ''}"
