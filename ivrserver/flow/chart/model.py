"""What a chart is made of. All times are seconds since the call's first event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MarkKind(StrEnum):
    """What a span or a moment shows."""

    BLOCK = "block"
    QUESTION = "question"
    PROMPT = "prompt"
    HOLD = "hold"
    KEYS = "keys"
    RECORDING = "recording"
    WEBHOOK = "webhook"
    RINGING = "ringing"
    SCREENING = "screening"
    BRIDGED = "bridged"
    DECISION = "decision"
    WARNING = "warning"
    END = "end"


class Tone(StrEnum):
    """How it went: QUIET is what was given up because something better came."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Lane:
    """One party, over the whole call.

    Attributes:
        name: ``flow``, ``caller``, ``webhook``, ``leg-1`` and so on.
        title: for people; a leg's is the number that is called.
        rows: how many rows its marks need, at least 1.
    """

    name: str
    title: str
    rows: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A span, or a moment if `end` is `start`.

    Attributes:
        lines: positions of the lines that are about it, the first of them begins it.
        row: within its lane, from 0.
        running: the call is live and this has not ended.
        label: a few words.
        text: all of it, in the story's words.
    """

    lines: tuple[int, ...]
    lane: str
    row: int
    kind: MarkKind
    start: float
    end: float
    label: str
    text: str
    tone: Tone = Tone.PLAIN
    running: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """Caller and a leg hear each other: it joins their lanes.

    Attributes:
        lane: the leg's.
    """

    lane: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Line:
    """One event of the list below the chart.

    Attributes:
        kind: the event's name on the wire.
        actor: who acts, in a word: ``caller``, ``webhook``.
        leg: the number of the leg in its block that it is about; 0: none.
        more: further lines: parameters of a request, the body of a reply.
        moment: it stands in the chart.
    """

    seconds: float
    kind: str
    actor: str
    leg: int
    text: str
    more: tuple[str, ...]
    tone: Tone
    moment: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A call, drawn.

    Attributes:
        seconds: how much time the chart shows, more than 0.
        live: the call goes on; spans without an end reach to now.
    """

    seconds: float
    live: bool
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    links: tuple[Link, ...]
    lines: tuple[Line, ...]
