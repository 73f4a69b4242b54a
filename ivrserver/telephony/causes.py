"""Why a party is gone: Asterisk's hang-up causes (Q.850, ASTERISK.md), or that there is none."""

from __future__ import annotations

from ivrserver.flow.ports import Hangup, LegOutcome

LEFT = Hangup(0, "the party left")
"""Asterisk does not say why."""

UNSEEN = Hangup(0, "the party left while Asterisk was out of reach")
"""They hung up then, or Asterisk died."""

_MEANINGS = {
    1: (LegOutcome.UNREACHABLE, "the number is unknown"),
    3: (LegOutcome.UNREACHABLE, "there is no route to the number"),
    17: (LegOutcome.BUSY, "busy"),
    18: (LegOutcome.UNREACHABLE, "the far end does not respond"),
    19: (LegOutcome.NO_ANSWER, "nobody answered"),
    20: (LegOutcome.UNREACHABLE, "the far end is not registered"),
    21: (LegOutcome.REJECTED, "rejected"),
    22: (LegOutcome.UNREACHABLE, "the number has changed"),
    27: (LegOutcome.UNREACHABLE, "the far end is out of order"),
    28: (LegOutcome.UNREACHABLE, "the number is incomplete"),
    34: (LegOutcome.CONGESTION, "no line is free"),
    38: (LegOutcome.CONGESTION, "the network is out of order"),
    42: (LegOutcome.CONGESTION, "the network is overloaded"),
    58: (LegOutcome.FAILED, "no common codec"),
}


def outcome_of(cause: int, tech_cause: int) -> tuple[LegOutcome, str]:
    """The outcome of a leg that was not answered and, for people, its reason.

    Args:
        cause: Q.850 cause of ChannelDestroyed.
        tech_cause: SIP status; 0: none is known.
    """
    outcome, text = _MEANINGS.get(cause, (LegOutcome.FAILED, "the call could not be placed"))
    sip = f"SIP {tech_cause}, " if tech_cause else ""
    return outcome, f"{text} ({sip}cause {cause})"
