"""Whatever people do and whenever: one or no bridge, every fate told once, nothing left behind."""

from __future__ import annotations

import asyncio

import looptime
from hypothesis import event, given
from hypothesis import strategies as st

from ivrserver.blocks import AutoAccept, FindMe, NextAction, ScreenMethod
from ivrserver.flow.events import LegScreened
from ivrserver.flow.ports import LegOutcome
from tests.fakes import FarEnd
from tests.unit.flow.hunt import Hunt

# A coarse grid: things that happen in the same moment are what goes wrong.
MOMENTS = st.integers(0, 16).map(lambda half: half / 2)

PEOPLE = st.builds(
    FarEnd,
    outcome=st.sampled_from(
        [LegOutcome.ANSWERED] * 4 + [LegOutcome.BUSY, LegOutcome.CONGESTION, LegOutcome.REFUSED]
    ),
    rings=st.one_of(MOMENTS, st.just(60.0)),
    reason=st.just("as it happens"),
    acts=st.lists(
        st.tuples(MOMENTS, st.sampled_from(["1", "1", "2", "5", "11", "hang up"])), max_size=3
    ),
    says=st.sampled_from(["", "", "yes", "no", "please leave a message"]),
    stays=st.sampled_from([0.0, 0.5, 5.0]),
    error=st.sampled_from([None, None, None, RuntimeError("a mistake of ours")]),
)

BLOCKS = st.builds(
    FindMe,
    simultaneous=st.integers(1, 6),
    timeout=st.just(20),
    loops=st.integers(0, 2),
    screen_method=st.sampled_from(ScreenMethod),
    whisper_phrase=st.just("Call from Radio Ad"),
    whisper_audio=st.just("whisper"),
    auto_accept=st.sampled_from(AutoAccept),
    next_action=st.sampled_from(NextAction),
    dtmf_only=st.booleans(),
    record=st.booleans(),
    ringing=st.booleans(),
    hold_music=st.sampled_from(["", "blues"]),
    hold_repeat=st.integers(0, 2),
)


@given(
    people=st.lists(PEOPLE, min_size=1, max_size=6),
    findme=BLOCKS,
    hang_up_at=st.one_of(st.none(), st.integers(0, 60).map(lambda half: half / 2)),
)
def test_one_or_nobody_gets_the_call(
    people: list[FarEnd], findme: FindMe, hang_up_at: float | None
) -> None:
    async def visit() -> None:
        audio = {"whisper": "a whisper", "blues": "one two three four five"}
        hunt = Hunt(people, findme, audio=audio)
        async with asyncio.timeout(3600):
            result = await hunt.run(hang_up_at)
        bridges = len(hunt.dialer.bridges)
        accepted = [e for e in hunt.journal.of(LegScreened) if e.outcome == "accepted"]
        if result is None:
            event("the caller hung up")
            assert hunt.took == hang_up_at
            assert bridges <= 1
        else:
            event("connected" if result.connected else "nobody")
            assert bridges == int(result.connected)
        assert bridges <= len(accepted)

    loop = looptime.new_event_loop()
    try:
        loop.run_until_complete(visit())
    finally:
        loop.close()
