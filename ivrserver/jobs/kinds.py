"""What a kind of job is: how it is done, how often at once, and when it is tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ivrserver.flow.jobs import Job, Schedule


@dataclass(frozen=True, slots=True)
class Done:
    """It is done; `note` says what could not be, for people."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be done, and trying again would not help."""

    error: str


@dataclass(frozen=True, slots=True)
class Again:
    """It is not done; the schedule says when it is tried again.

    Attributes:
        error: why, for people.
        detail: what the job needs from now on; None: what it needed.
    """

    error: str
    detail: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NextAt:
    """It is done for now, and is to be done anew at that time.

    Attributes:
        detail: what the job needs then; None: what it needed.
    """

    due: datetime
    detail: Mapping[str, Any] | None = field(default=None, repr=False)


Outcome = Done | Failed | Again | NextAt

Work = Callable[[Job], Awaitable[Outcome]]
"""Does a job once. An `IvrError` is a failure that may be tried again; so is every other error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of job.

    Attributes:
        name: what its jobs' ids begin with.
        work: does one; on the controller's event loop.
        schedule: when it is tried again.
        slots: how many are done at the same time by one controller.
        lane_slots: how many of those may be of one lane.
        seconds: an attempt that takes longer is given up.
        recurs: there is one job of this kind, which comes again and again (`NextAt`).
    """

    name: str
    work: Work
    schedule: Schedule
    slots: int
    lane_slots: int
    seconds: float
    recurs: bool = False


ENDLESSLY: Final = Schedule((60, 600, 3600), give_up_after=timedelta(days=36_500))
"""What comes again by itself is never given up."""


def recurring(name: str, work: Work, seconds: float) -> Kind:
    """A kind of which there is one job, again and again, at one controller at a time."""
    return Kind(
        name=name,
        work=work,
        schedule=ENDLESSLY,
        slots=1,
        lane_slots=1,
        seconds=seconds,
        recurs=True,
    )
