"""What became of each call, and whether that is what should have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.media import Report
from benchmarks.script import Caller, Line
from benchmarks.sipp import Signalling
from benchmarks.sound import FRAME_SECONDS
from benchmarks.web import Delivery

Answers = Mapping[str, str]

# Asterisk leaves out the last 44 bytes of a WAV file: it counts the header as sound (format_wav.c).
_TAIL: Final = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call as everybody saw it.

    Attributes:
        signalling: at SIPp.
        heard: at the phone.
        lengths: how many frames that tell their prompt and position each prompt has.
        delivery: at the web server; None: the webhook never came.
        stored: answers in the database by question; None: not looked for.
    """

    line: Line
    caller: Caller
    signalling: Signalling
    heard: Report
    lengths: Sequence[int]
    delivery: Delivery | None
    stored: Answers | None = None

    def failure(self) -> str:
        """Why the call failed; empty: it did not."""
        if not self.signalling.answered:
            return "refused" if self.signalling.refused else "not answered"
        if not self.signalling.closed:
            return "not ended in order"
        if unheard := self._unheard():
            return unheard
        if not self.line.webhook:
            return ""
        if self.delivery is None:
            return "no webhook"
        return self._wrong_answers(self.delivery.parameters)

    def _unheard(self) -> str:
        questions = self.line.questions
        reached = len(questions) - 2 if self.caller.leaves else len(questions)
        for index, question in enumerate(questions[:reached]):
            if not self.heard.began[index]:
                return f"prompt not heard: {question.name}"
            whole = self.lengths[index]
            cut_short = question.keys and not question.hears_out
            if not cut_short and self.heard.frames[index] < whole - _TAIL:
                return f"prompt not heard whole: {question.name}"
        return ""

    def _wrong_answers(self, sent: Answers) -> str:
        wanted = {
            question.name: answer
            for question, answer in zip(self.line.asking, self.caller.answers, strict=True)
            if answer
        }
        if sent.get("ivr_completed") != str(not self.caller.leaves):
            return "webhook: wrong ivr_completed"
        if {name: sent[name] for name in wanted if name in sent} != wanted:
            return "webhook: wrong answers"
        if self.stored is not None and dict(self.stored) != wanted:
            return "stored answers differ from the keys"
        return ""


def answer_to_prompt(outcome: Outcome) -> float:
    """Seconds from the 200 to the first prompt's first packet."""
    return outcome.heard.began[0] - outcome.signalling.answered


def key_to_silence(outcome: Outcome) -> Sequence[float]:
    """Seconds from the first key's release to the end of the last packet of the prompt."""
    heard = outcome.heard
    return [
        heard.heard[index] + FRAME_SECONDS - heard.released[index]
        for index, question in enumerate(outcome.line.questions)
        if question.keys and not question.hears_out and heard.released[index]
    ]


def key_to_prompt(outcome: Outcome) -> Sequence[float]:
    """Seconds from the last key's release to the next prompt's first packet."""
    heard = outcome.heard
    return [
        heard.began[index + 1] - heard.answered[index]
        for index in range(len(outcome.line.questions) - 1)
        if heard.answered[index] and heard.began[index + 1]
    ]


def end_to_webhook(outcome: Outcome) -> float | None:
    """Seconds from the caller's hanging up to the webhook's arrival; None: we hung up."""
    if not outcome.caller.leaves or outcome.delivery is None:
        return None
    return outcome.delivery.at - outcome.signalling.hung_up


def answer_to_webhook(outcome: Outcome) -> float | None:
    """Seconds from the last key's release to the webhook's arrival; None: the caller left."""
    if outcome.caller.leaves or outcome.delivery is None:
        return None
    return outcome.delivery.at - outcome.heard.answered[-1]
