"""What is dialled, and what Asterisk's causes mean. Legs themselves: `tests/contract`."""

from __future__ import annotations

import pytest

from ivrserver.config import TrunkSettings
from ivrserver.flow.ports import LegOutcome
from ivrserver.telephony.causes import outcome_of
from ivrserver.telephony.dialer import AriDialer
from ivrserver.telephony.live import Live
from ivrserver.telephony.router import Router
from tests.fakes import FakeChannel
from tests.unit.telephony.fake_ari import FakeAri


@pytest.mark.parametrize(
    ("cause", "sip", "outcome", "reason"),
    [
        (17, 486, LegOutcome.BUSY, "busy (SIP 486, cause 17)"),
        (17, 600, LegOutcome.BUSY, "busy (SIP 600, cause 17)"),
        (1, 404, LegOutcome.UNREACHABLE, "the number is unknown (SIP 404, cause 1)"),
        (19, 480, LegOutcome.NO_ANSWER, "nobody answered (SIP 480, cause 19)"),
        (18, 408, LegOutcome.UNREACHABLE, "the far end does not respond (SIP 408, cause 18)"),
        (21, 403, LegOutcome.REJECTED, "rejected (SIP 403, cause 21)"),
        (28, 484, LegOutcome.UNREACHABLE, "the number is incomplete (SIP 484, cause 28)"),
        (34, 503, LegOutcome.CONGESTION, "no line is free (SIP 503, cause 34)"),
        (58, 488, LegOutcome.FAILED, "no common codec (SIP 488, cause 58)"),
        (127, 0, LegOutcome.FAILED, "the call could not be placed (cause 127)"),
    ],
)
def test_a_cause_tells_the_outcome(cause: int, sip: int, outcome: LegOutcome, reason: str) -> None:
    assert outcome_of(cause, sip) == (outcome, reason)


@pytest.mark.parametrize(
    ("trunk", "destination", "part"),
    [
        (TrunkSettings(), "2125550111", "set trunk.host"),
        (TrunkSettings(host="127.0.0.1"), "sales@example.com", "not a phone number"),
        (TrunkSettings(host="127.0.0.1"), "212555&PJSIP/x", "not a phone number"),
        (TrunkSettings(host="127.0.0.1"), "anonymous", "not a phone number"),
        (TrunkSettings(host="127.0.0.1"), "", "not a phone number"),
        (TrunkSettings(host="127.0.0.1"), "1" * 50, "not a phone number"),
    ],
)
async def test_what_cannot_be_dialled_never_reaches_asterisk(
    trunk: TrunkSettings, destination: str, part: str
) -> None:
    ari = FakeAri()
    dialer = AriDialer(ari, Router(), Live(), trunk, "US")
    dialled = await dialer.dial("leg", destination, caller=FakeChannel(), caller_id="", timeout=1)
    assert dialled.outcome is LegOutcome.FAILED
    assert part in dialled.reason
    assert ari.asked == []
