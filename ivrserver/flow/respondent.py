"""One caller's one run through one IVR, as the webhook will tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ivrserver.blocks import Ivr, ToBlock


@dataclass(slots=True)
class Respondent:
    """One caller's one run through one IVR.

    Attributes:
        answers: keys by question id; a question answered twice has its newest answer.
        monitored: seconds of monitored transfers so far.
        completed: the caller came to the IVR's end.
        jump: the block that an answer leads to instead of what the webhook says; None: none.
        reason: why the run ended, for people.
    """

    response_id: str
    ivr: Ivr
    started_at: datetime
    answers: dict[int, str] = field(default_factory=dict, repr=False)
    monitored: float = 0.0
    completed: bool = False
    jump: ToBlock | None = None
    reason: str = "the caller hung up"
