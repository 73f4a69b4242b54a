"""The lines of a story about the people we call."""

from __future__ import annotations

from typing import assert_never

from ivrserver.flow.events import (
    Bridged,
    GroupDialled,
    LegDecided,
    LegDialled,
    LegScreened,
    Referred,
    Unbridged,
    WordHeard,
)
from ivrserver.flow.ports import LegOutcome

LegEvent = (
    LegDialled
    | LegDecided
    | GroupDialled
    | LegScreened
    | WordHeard
    | Referred
    | Bridged
    | Unbridged
)


def told(event: LegEvent) -> tuple[str, ...]:
    """Who acts, and what they do."""
    match event:
        case GroupDialled(loop, group, destinations):
            again = f"loop {loop}, " if loop > 1 else ""
            return "findme", f"{again}group {group}: {', '.join(destinations)}"
        case LegDialled(_, destination, timeout):
            return "dial", f"{destination}, at most {timeout:.0f} s"
        case LegDecided(_, LegOutcome.CANCELLED.value, reason):
            return "leg", f"cancelled because {reason}"
        case LegDecided(_, outcome, reason):
            return "leg", _decided(outcome, reason)
        case LegScreened(_, outcome, reason):
            return "answer", _decided(outcome, reason)
        case WordHeard(word):
            return "hears", f"“{word}”" if word else "no word that means yes or no"
        case Referred(destination, accepted, reason):
            how = "takes over" if accepted else "does not take over"
            return "refer", f"the caller's side {how} the call to {destination}: {reason}"
        case Bridged():
            return "bridge", "the caller and the leg hear each other"
        case Unbridged(_, length, reason):
            return "bridge", f"over after {length:.1f} s: {reason}"
        case _:
            assert_never(event)


def _decided(outcome: str, reason: str) -> str:
    words = outcome.replace("_", " ")
    return words if words == reason else f"{words}: {reason}"
