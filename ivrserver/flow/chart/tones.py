"""How each event went, in one word for the eye."""

from __future__ import annotations

from ivrserver.flow import events as ev
from ivrserver.flow.chart.model import Tone

_OK = range(200, 300)
_GIVEN_UP = {"cancelled", "taken"}
_GOOD = {"answered", "accepted"}
_OUR_FAULT = {"failed", "limit"}


def tone_of(event: ev.Event) -> Tone:
    """GOOD, BAD or QUIET where it matters; most events are PLAIN."""
    match event:
        case ev.AnswerRejected() | ev.MenuFailed() | ev.WebhookMissed() | ev.BackupRouted():
            return Tone.BAD
        case ev.Warned() | ev.CallContinued() | ev.MailboxRefused():
            return Tone.BAD
        case ev.AnswerAccepted() | ev.MenuChosen() | ev.Bridged() | ev.VoicemailLeft():
            return Tone.GOOD
        case ev.WebhookAnswered(status, _, _):
            return Tone.GOOD if status in _OK else Tone.BAD
        case ev.ActionChosen(_, warnings):
            return Tone.BAD if warnings else Tone.PLAIN
        case ev.LegDecided(_, outcome, _) | ev.LegScreened(_, outcome, _):
            if outcome in _GIVEN_UP:
                return Tone.QUIET
            return Tone.GOOD if outcome in _GOOD else Tone.BAD
        case ev.CallEnded(reason, _):
            return Tone.BAD if reason in _OUR_FAULT else Tone.PLAIN
        case ev.Referred(_, accepted, _):
            return Tone.GOOD if accepted else Tone.BAD
        case _:
            return Tone.PLAIN
