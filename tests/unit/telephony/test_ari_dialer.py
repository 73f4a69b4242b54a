"""What is dialled, and what Asterisk's causes mean. Legs themselves: `tests/contract`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import SoftphoneSettings
from ivrserver.flow.ports import LegOrder, LegOutcome
from ivrserver.telephony.bridge_recording import BridgeRecorder
from ivrserver.telephony.causes import outcome_of
from ivrserver.telephony.dialer import AriDialer
from ivrserver.telephony.live import Live
from ivrserver.telephony.router import Router
from ivrserver.telephony.routes import Routes
from ivrserver.telephony.softphones import Softphones
from ivrserver.telephony.stored import StoredRecordings
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


async def test_what_has_no_route_never_reaches_asterisk(tmp_path: Path) -> None:
    ari = FakeAri()
    dialer = AriDialer(
        ari,
        Router(),
        Live(),
        routes=Routes({}, {}, "US"),
        trunks={},
        recorder=BridgeRecorder(tmp_path, "stereo", StoredRecordings(ari, "stereo", tmp_path)),
        softphones=Softphones(ari, SoftphoneSettings()),
    )
    order = LegOrder(leg_id="leg", destination="2125550111", caller_id="", timeout=1)
    dialled = await dialer.dial(order, caller=FakeChannel())
    assert dialled.outcome is LegOutcome.FAILED
    assert "trunk" in dialled.reason
    assert ari.asked == []
