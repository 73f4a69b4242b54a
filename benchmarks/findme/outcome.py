"""What became of one call, and whether that is what should have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from benchmarks.findme.caller import Caller
from benchmarks.findme.script import (
    HEARD_TAKEN,
    HEARD_WHISPER,
    SPOKEN,
    Trial,
    voice,
)
from benchmarks.sound import FRAME_SECONDS, positions
from tests.telephony.agent_line import Line
from tests.telephony.wire import Wire

# Asterisk leaves out the last 44 bytes of a WAV file: it counts the header as sound (format_wav.c).
_TAIL: Final = 1
_WHOLE: Final = 0.9
"""So much of what the other says must come in, from the first packet of it to the hang-up."""


class Ears:
    """Recognises the frames of `SPOKEN`."""

    def __init__(self, prompts: Sequence[Sequence[bytes]]) -> None:
        self._known = positions(prompts)
        self._lengths = Counter(where.prompt for where in self._known.values())

    def heard(self, wire: Wire) -> dict[int, list[float]]:
        """When frames of each prompt came in."""
        found: dict[int, list[float]] = {prompt: [] for prompt in range(len(SPOKEN))}
        for at, frame in wire.heard:
            where = self._known.get(frame)
            if where is not None:
                found[where.prompt].append(at)
        return found

    def is_whole(self, prompt: int, heard: dict[int, list[float]]) -> bool:
        """Whether that prompt was heard to its end."""
        return len(heard[prompt]) >= self._lengths[prompt] - _TAIL


@dataclass(frozen=True)
class Outcome:
    """One call as its phones saw it. Times are of `time.monotonic`.

    Attributes:
        lines: all calls to people on behalf of this caller.
        voices: of everybody in the run.
        asked: by the server, so that an answer alone decides nothing.
    """

    trial: Trial
    caller: Caller
    lines: Sequence[Line]
    ears: Ears
    voices: Set[bytes]
    asked: bool

    @cached_property
    def winner(self) -> Line | None:
        """Who accepted, by key."""
        return next((line for line in self.lines if line.wire.released), None)

    @property
    def losers(self) -> Sequence[Line]:
        """Everybody else who was called."""
        return [line for line in self.lines if line is not self.winner]

    @cached_property
    def failure(self) -> str:
        """Why the call failed; empty: it did not."""
        return next(self._failures(), "")

    def _failures(self) -> Iterator[str]:
        winner = self.winner
        if not self.caller.answered:
            yield "not answered"
        if sorted(line.number for line in self.lines) != sorted(self.trial.people):
            yield f"{len(self.lines)} of {self.trial.legs} legs rang"
        if winner is None:
            yield "nobody was asked"
            return
        if not self.ears.is_whole(HEARD_WHISPER, self.ears.heard(winner.wire)):
            yield "whisper not heard whole"
        if any(self.ears.heard(self.caller.wire).values()):
            yield "the caller heard what was for the person called"
        if self._strangers():
            yield "somebody else was heard"
        if not self.heard_by_caller or not self.heard_by_winner:
            yield "not heard both ways"
        elif not _flowed(self.heard_by_caller, min(self.caller.ended, winner.ended)):
            yield "the caller did not hear all"
        elif not _flowed(self.heard_by_winner, min(self.caller.ended, winner.ended)):
            yield "the winner did not hear all"
        if not self.caller.closed.is_set() or winner.how not in {"hung up", "left"}:
            yield "not ended in order"
        yield from self._of_losers()

    def _strangers(self) -> bool:
        """Whether anybody heard a voice that was not for them."""
        caller = voice("", self.caller.number)
        own = voice(self.winner.number, self.caller.number) if self.winner else b""
        allowed = [(self.caller.wire, own)]
        allowed += [(line.wire, caller if line is self.winner else b"") for line in self.lines]
        return any(
            frame in self.voices and frame != mine
            for wire, mine in allowed
            for _, frame in wire.heard
        )

    def _of_losers(self) -> Iterator[str]:
        """A loser ends before the conversation does, and knows why."""
        for line in self.losers:
            if self.trial.all_answer:
                told = self.ears.is_whole(HEARD_TAKEN, self.ears.heard(line.wire))
                if line.how != "hung up" or not told:
                    yield "loser not told"
            elif line.how != "cancelled" or not any("cause=26" in why for why in line.reasons):
                yield "loser not cancelled"

    @cached_property
    def heard_by_caller(self) -> Sequence[float]:
        """When the caller heard the winner's voice."""
        winner = self.winner
        return _when(self.caller.wire, voice(winner.number, self.caller.number)) if winner else ()

    @cached_property
    def heard_by_winner(self) -> Sequence[float]:
        """When the winner heard the caller's voice."""
        winner = self.winner
        return _when(winner.wire, voice("", self.caller.number)) if winner else ()

    # ---- times, in seconds; only of calls that did not fail

    def to_last_ring(self) -> float:
        """From the caller's INVITE to the first ring of the last leg."""
        return max(line.rang for line in self.lines) - self.caller.invited

    def to_whisper(self) -> float:
        """From the winner's answer to the whisper's first recognised packet."""
        assert self.winner is not None
        began = self.ears.heard(self.winner.wire)[HEARD_WHISPER][0]
        return began - (self.winner.answered or 0.0)

    def to_hearing(self) -> float:
        """From the key's release until both have heard each other."""
        return max(self.heard_by_caller[0], self.heard_by_winner[0]) - self._accepted

    def to_last_loser(self) -> float:
        """From the decision until the last loser is cancelled, or hears that the call is taken.

        The dialplan decides by the answer, the server by the key.
        """
        assert self.winner is not None
        decided = self._accepted if self.asked else self.winner.answered or 0.0
        return max(self._told(line) for line in self.losers) - decided

    def to_release(self) -> float:
        """From one side's hang-up to the other's."""
        assert self.winner is not None
        return abs(self.winner.ended - self.caller.ended)

    @property
    def _accepted(self) -> float:
        assert self.winner is not None
        return self.winner.wire.released[0]

    def _told(self, line: Line) -> float:
        if not self.trial.all_answer:
            return line.ended
        return self.ears.heard(line.wire)[HEARD_TAKEN][0]


def _when(wire: Wire, voice: bytes) -> Sequence[float]:
    return [at for at, frame in wire.heard if frame == voice]


def _flowed(heard: Sequence[float], until: float) -> bool:
    return len(heard) >= _WHOLE * (until - heard[0]) / FRAME_SECONDS
