"""The question types of an IVR, as frozen values with the defaults of SPEC §3.

All times are in seconds. A `question_id` is a positive integer, stable, and unique in its IVR.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivrserver.blocks.destinations import NextQuestion, Step


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the caller hears: a text for TTS or the name of an audio file, never both.

    Attributes:
        text: spoken by TTS after ``@name`` has been replaced by user parameters.
        audio: name of a file in the account's audio library.
    """

    text: str = ""
    audio: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything to play."""
        return bool(self.text or self.audio)


SILENCE = Prompt()
NEXT = NextQuestion()


@dataclass(frozen=True, slots=True)
class Retries:
    """What happens when a caller gives nothing, or something that does not count.

    Attributes:
        tries: how often in all the question is asked because of this failure, at least 1.
        prompt: played before the question is asked again; empty: only the question is repeated.
        then: the step when the tries have run out.
    """

    tries: int = 3
    prompt: Prompt = SILENCE
    then: Step = NEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What every question has."""

    question_id: int
    name: str
    prompt: Prompt
    barge_in: bool = True
    sensitive: bool = False
    then: Step = NEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyQuestion(_Question):
    """What every question that waits for keys has.

    Attributes:
        timeout: wait for the first key after the prompt has ended.
        type_ahead: keys typed before this question began count for it.
        no_input: tries when no key came within `timeout`.
        invalid: tries when the keys are not an allowed answer.
    """

    timeout: float = 5.0
    type_ahead: bool = False
    no_input: Retries = Retries()
    invalid: Retries = Retries()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(_Question):
    """Plays its prompt and collects nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits(_KeyQuestion):
    """Collects `min_digits` to `max_digits` digits.

    Attributes:
        terminator: ends an answer of variable length; empty: none.
        between: wait for the next digit before the answer is taken as it is.
        valid: the only answers that count; empty: every one.
        pattern: a regular expression that the whole answer must match; empty: none.
    """

    min_digits: int = 1
    max_digits: int = 1
    terminator: str = "#"
    between: float = 3.0
    valid: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceKey:
    """One key of a choice: its label for people, and where it leads."""

    key: str
    label: str = ""
    then: Step = NEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(_KeyQuestion):
    """Collects one key out of a set."""

    keys: tuple[ChoiceKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo(_KeyQuestion):
    """Collects 1 for yes or 2 for no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(_Question):
    """Records the caller. Recorded answers cannot be webhook parameters (reference).

    Attributes:
        max_seconds: the longest recording.
        silence: this much silence ends it; 0: never.
        beep: a tone says when to speak.
        review: afterwards the caller may keep it (1), hear it (2) or record it again (3).
        transcribe: the recording is to be transcribed in the background (SPEC §11).
        no_input: tries when the recording is silent.
    """

    max_seconds: int = 120
    silence: int = 5
    beep: bool = True
    review: bool = False
    transcribe: bool = False
    no_input: Retries = Retries(tries=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(_Question):
    """Connects the caller to somebody; when the far end hangs up, the IVR goes on.

    Its seconds add up to ``ivr_monitored_time`` (SPEC §3).

    Attributes:
        destination: phone number, name or extension of a registered phone, or name of a user; may
            hold ``@names``.
        timeout: seconds that it rings.
        record: the call is monitored: recorded, after a warning to both parties.
        unanswered: the step when nobody was reached.
    """

    destination: str
    timeout: float = 30.0
    record: bool = True
    unanswered: Step = NEXT


Question = Message | Digits | Choice | YesNo | Record | Transfer
KeyQuestion = Digits | Choice | YesNo

__all__ = [
    "NEXT",
    "SILENCE",
    "Choice",
    "ChoiceKey",
    "Digits",
    "KeyQuestion",
    "Message",
    "Prompt",
    "Question",
    "Record",
    "Retries",
    "Transfer",
    "YesNo",
]
