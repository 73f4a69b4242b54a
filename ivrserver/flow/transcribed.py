"""The events of what was said that was written down, mostly after the call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transcribed:
    """What was said in a recorded answer was written down. `text` is masked when it is sensitive.

    Attributes:
        name: of the question.
        text: empty: nothing could be made out.
        engine: what has written it down.
    """

    question_id: int
    name: str
    text: str
    engine: str


@dataclass(frozen=True, slots=True)
class VoicemailTranscribed:
    """A voicemail message was written down. The text is with the message alone.

    Attributes:
        words: how many; 0: nothing could be made out.
        engine: what has written it down.
    """

    message_id: str
    block_id: int
    words: int
    engine: str
