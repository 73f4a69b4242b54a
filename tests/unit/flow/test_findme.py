"""FindMe: who gets the call, who is told what, and that nothing stays behind (SPEC §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from itertools import product

import pytest

from ivrserver.blocks import (
    AutoAccept,
    Distribution,
    FindMe,
    Hours,
    NextAction,
    Schedule,
    ScreenMethod,
    ShownCallerId,
)
from ivrserver.errors import TelephonyError
from ivrserver.flow.events import GroupDialled, LegDialled, OpeningChecked
from ivrserver.flow.findme import FindMeResult
from tests.fakes import FarEnd
from tests.unit.flow.hunt import (
    BUSY,
    EN,
    NEVER,
    NOBODY,
    Hunt,
    accepts,
    declines,
    leaves,
    silent,
    spoken,
)

pytestmark = pytest.mark.looptime

WHISPER = FindMe(screen_method=ScreenMethod.WHISPER_PHRASE, whisper_phrase="Call from Radio Ad")
NAMED = FindMe()
AUDIO = FindMe(screen_method=ScreenMethod.WHISPER_AUDIO, whisper_audio="customwhisper.wav")
LIBRARY = {"customwhisper": "/audio/customwhisper"}
TOLD = {
    ScreenMethod.RECORD_NAME: [EN.call_from, "recording:call-id2"],
    ScreenMethod.WHISPER_PHRASE: ["Call from Radio Ad"],
    ScreenMethod.WHISPER_AUDIO: ["/audio/customwhisper"],
}
BEHAVIOURS = {
    "accepts": accepts(),
    "declines": declines(),
    "silent": silent(),
    "busy": BUSY,
    "never": NEVER,
    "leaves": leaves(at=0.05),
}


def gets_the_call(behaviour: str, method: ScreenMethod, auto: AutoAccept) -> bool:
    """What the reference says of somebody who is the last on the list."""
    answers = behaviour not in {"busy", "never"}
    match auto:
        case AutoAccept.ASK:
            return behaviour == "accepts"
        case AutoAccept.FIRST_TO_ANSWER if method is ScreenMethod.RECORD_NAME:
            return answers
        case AutoAccept.LAST_NUMBER_UNSCREENED:
            return answers
        case _:
            return answers and behaviour != "leaves"


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize(
    ("behaviour", "method", "auto"), list(product(BEHAVIOURS, ScreenMethod, AutoAccept))
)
async def test_every_way_of_screening_with_every_kind_of_person(
    behaviour: str, method: ScreenMethod, auto: AutoAccept, size: int
) -> None:
    base = {0: NAMED, 1: WHISPER, 2: AUDIO}[method.value]
    findme = replace(base, auto_accept=auto, simultaneous=size)
    others = [BUSY] * (size - 1)
    hunt = Hunt([*others, BEHAVIOURS[behaviour]], findme, audio=LIBRARY)
    result = await hunt.run()
    expected = gets_the_call(behaviour, method, auto)
    last = hunt.findme.phones[-1]
    assert result is not None
    assert result.connected is expected
    assert hunt.winner == (last if expected else NOBODY)
    if expected and auto in {AutoAccept.ASK, AutoAccept.LAST_NUMBER_SCREENED}:
        heard = hunt.heard(last)
        assert all(uri.startswith("recording:") or uri in heard for uri in TOLD[method]), heard
    if auto is AutoAccept.LAST_NUMBER_UNSCREENED and expected:
        assert hunt.heard(last) == []
    assert EN.accept not in spoken(hunt.caller)
    assert "Call from Radio Ad" not in spoken(hunt.caller)


async def test_the_caller_says_their_name_once_and_everybody_called_hears_it() -> None:
    hunt = Hunt([declines(at=3), accepts(at=3)], NAMED)
    await hunt.run()
    assert spoken(hunt.caller) == [EN.ask_name]
    (name,) = [did for did in hunt.caller.did if did.startswith("record ")]
    recording = f"recording:{name.removeprefix('record ')}"
    assert hunt.heard("a") == [EN.call_from, recording, EN.accept]
    assert hunt.heard("b") == [EN.call_from, recording, EN.accept]


@pytest.mark.parametrize("trouble", ["silence", "recorder"])
async def test_a_caller_without_a_name_is_announced_as_such(trouble: str) -> None:
    hunt = Hunt([accepts(at=5)], NAMED)
    hunt.caller.talks = 0
    hunt.caller.broken_recorder = trouble == "recorder"
    await hunt.run()
    assert hunt.heard("a") == [EN.call_from, EN.no_name, EN.accept]
    assert bool(hunt.warnings) is (trouble == "recorder")


@pytest.mark.parametrize(
    ("auto", "following"),
    [
        (AutoAccept.FIRST_TO_ANSWER, NextAction.SAY_NOBODY_AND_HANG_UP),
        (AutoAccept.LAST_NUMBER_UNSCREENED, NextAction.SAY_NOBODY_AND_HANG_UP),
        (AutoAccept.ASK, NextAction.ACCEPT_LAST_UNSCREENED),
    ],
)
async def test_no_name_is_asked_for_that_nobody_would_hear(
    auto: AutoAccept, following: NextAction
) -> None:
    hunt = Hunt([silent()], FindMe(auto_accept=auto, next_action=following))
    await hunt.run()
    assert spoken(hunt.caller) == []
    assert hunt.winner == "a"


async def test_the_first_to_accept_gets_the_call_not_the_first_to_answer() -> None:
    people = [accepts(at=6, rings=1), accepts(at=1, rings=4)]
    hunt = Hunt(people, replace(WHISPER, simultaneous=2))
    await hunt.run()
    assert hunt.winner == "b"
    assert hunt.fates["a"] == ("taken", "leg 2 accepted")
    assert hunt.fates["b"] == ("accepted", "pressed 1")


async def test_the_others_are_told_at_once_and_the_winner_does_not_wait_for_it() -> None:
    people = [silent(rings=3.8), accepts(at=1, rings=3), NEVER, BUSY, accepts(at=3, rings=2)]
    hunt = Hunt(people, replace(WHISPER, simultaneous=5))
    await hunt.run()
    assert hunt.winner == "b"
    (bridge,) = hunt.dialer.bridges
    assert bridge.began == pytest.approx(4, abs=0.05)
    for name in ("a", "e"):
        assert hunt.heard(name)[-1] == EN.taken
        began = hunt.leg(name).heard[-1][0]
        assert began == pytest.approx(4, abs=0.05)
        assert not hunt.leg(name).playing
    told = {hunt.destination_of(leg): taken for leg, taken in hunt.dialer.cancelled.items()}
    assert told == {"c": True}
    assert hunt.fates == {
        "a": ("taken", "leg 2 accepted"),
        "b": ("accepted", "pressed 1"),
        "c": ("cancelled", "leg 2 accepted"),
        "d": ("busy", "busy (SIP 486, cause 17)"),
        "e": ("taken", "leg 2 accepted"),
    }


async def test_those_who_were_late_hear_it_to_the_end_although_the_winner_hung_up() -> None:
    people = [silent(rings=1), accepts(at=1, rings=1, stays=0.1)]
    hunt = Hunt(people, replace(WHISPER, simultaneous=2))
    result = await hunt.run()
    assert result is not None
    assert result.connected
    assert hunt.took == pytest.approx(2 + len(EN.taken.split()) / 10, abs=0.05)


async def test_of_two_who_accept_in_the_same_moment_one_is_connected() -> None:
    hunt = Hunt([accepts(), accepts()], replace(WHISPER, simultaneous=2))
    await hunt.run()
    winner = hunt.winner
    loser = {"a": "b", "b": "a"}[winner]
    assert hunt.fates[winner][0] == "accepted"
    assert hunt.fates[loser][0] == "taken"
    assert hunt.heard(loser)[-1] == EN.taken


async def test_the_first_to_answer_gets_the_call_and_hears_the_whisper_whole() -> None:
    findme = replace(WHISPER, auto_accept=AutoAccept.FIRST_TO_ANSWER, simultaneous=3)
    hunt = Hunt([silent(rings=4), silent(rings=2), silent(rings=3)], findme)
    await hunt.run()
    assert hunt.winner == "b"
    assert hunt.heard("b") == ["Call from Radio Ad"]
    assert hunt.dialer.bridges[0].began == pytest.approx(2.4, abs=0.05)
    assert set(hunt.dialer.cancelled.values()) == {True}
    assert hunt.fates["a"] == ("cancelled", "leg 2 was the first to answer")


async def test_of_two_who_answer_in_the_same_moment_one_hears_that_it_was_taken() -> None:
    findme = replace(WHISPER, auto_accept=AutoAccept.FIRST_TO_ANSWER, simultaneous=2)
    hunt = Hunt([silent(), silent()], findme)
    await hunt.run()
    assert hunt.winner in {"a", "b"}
    assert min(fate for fate, _ in hunt.fates.values()) == "accepted"
    assert {fate for fate, _ in hunt.fates.values()} <= {"accepted", "taken", "cancelled"}


@pytest.mark.parametrize(
    ("auto", "following", "whispered"),
    [
        (AutoAccept.LAST_NUMBER_UNSCREENED, NextAction.SAY_NOBODY_AND_HANG_UP, False),
        (AutoAccept.LAST_NUMBER_SCREENED, NextAction.SAY_NOBODY_AND_HANG_UP, True),
        (AutoAccept.ASK, NextAction.ACCEPT_LAST_UNSCREENED, False),
        (AutoAccept.ASK, NextAction.ACCEPT_LAST_SCREENED, True),
    ],
)
async def test_only_the_last_number_in_the_last_loop_need_not_accept(
    auto: AutoAccept, following: NextAction, whispered: bool
) -> None:
    findme = replace(WHISPER, auto_accept=auto, next_action=following, loops=2)
    hunt = Hunt([silent(), silent()], findme)
    result = await hunt.run()
    assert result is not None
    assert result.connected
    assert hunt.dialer.dialled == ["a", "b", "a", "b"]
    asked = ["Call from Radio Ad", EN.accept, EN.accept]
    assert spoken(hunt.leg("b", 0)) == asked
    assert spoken(hunt.leg("a", 1)) == asked
    assert spoken(hunt.leg("b", 1)) == (["Call from Radio Ad"] if whispered else [])


async def test_a_last_number_that_does_not_answer_leaves_nobody() -> None:
    findme = replace(WHISPER, auto_accept=AutoAccept.LAST_NUMBER_SCREENED)
    hunt = Hunt([declines(), BUSY], findme)
    assert await hunt.run() == FindMeResult(False, "1 declined, 1 busy")


async def test_a_key_during_the_whisper_counts() -> None:
    hunt = Hunt([accepts(at=0.1)], WHISPER)
    await hunt.run()
    assert hunt.winner == "a"
    assert hunt.dialer.bridges[0].began == pytest.approx(2.1, abs=0.05)


async def test_no_key_is_asked_for_once_more_and_then_counts_as_declined() -> None:
    hunt = Hunt([silent()], WHISPER)
    assert await hunt.run() == FindMeResult(False, "1 no key")
    assert hunt.heard("a") == ["Call from Radio Ad", EN.accept, EN.accept]
    prompts = (4 + 2 * len(EN.accept.split())) / 10
    assert hunt.took == pytest.approx(2 + prompts + 2 * 5, abs=0.1)


async def test_a_key_that_means_nothing_is_asked_about_once_more() -> None:
    hunt = Hunt([FarEnd(acts=[(1, "7"), (2, "1")])], WHISPER)
    await hunt.run()
    assert hunt.winner == "a"
    assert hunt.heard("a") == ["Call from Radio Ad", EN.accept, EN.accept]


async def test_the_block_may_ask_in_its_own_words_and_names_are_filled_in() -> None:
    findme = replace(
        WHISPER,
        whisper_phrase="@who calls about @what",
        screen_prompt="Press 1 for @who",
        phones=("@agent",),
    )
    parameters = {"who": "Ada", "agent": "a"}
    hunt = Hunt([accepts(at=3)], findme, parameters)
    await hunt.run()
    assert hunt.winner == "a"
    assert hunt.heard("a") == ["Ada calls about", "Press 1 for Ada"]
    assert hunt.warnings == ["nobody supplied @what: read as nothing"]


async def test_a_whisper_file_that_is_missing_leaves_a_warning_and_the_question() -> None:
    hunt = Hunt([accepts()], AUDIO)
    await hunt.run()
    assert hunt.heard("a") == [EN.accept]
    assert hunt.warnings == ["the audio library has no file 'customwhisper.wav': no whisper"]


async def test_the_next_group_is_called_when_the_whole_group_has_failed() -> None:
    people = [BUSY, declines(at=4), accepts()]
    hunt = Hunt(people, replace(WHISPER, simultaneous=2, loops=3))
    await hunt.run()
    assert hunt.winner == "c"
    assert hunt.journal.of(GroupDialled) == [
        GroupDialled(1, 1, ["a", "b"]),
        GroupDialled(1, 2, ["c"]),
    ]
    assert hunt.dialer.bridges[0].began == pytest.approx(2 + 4 + 2 + 1, abs=0.05)


@pytest.mark.parametrize(("loops", "dialled"), [(0, ""), (1, "ab"), (2, "abab"), (5, "ababababab")])
async def test_the_whole_list_is_tried_as_often_as_the_block_says(loops: int, dialled: str) -> None:
    hunt = Hunt([BUSY, BUSY], replace(NAMED, loops=loops))
    result = await hunt.run()
    assert result is not None
    assert not result.connected
    assert "".join(hunt.dialer.dialled) == dialled
    assert spoken(hunt.caller) == ([EN.ask_name] if loops else [])


async def test_round_robin_begins_one_further_with_every_call() -> None:
    findme = replace(WHISPER, distribution=Distribution.ROUND_ROBIN, phones=("a", "b", "c"))
    hunt = Hunt([BUSY, BUSY, BUSY], findme)
    await hunt.run()
    await hunt.run()
    assert "".join(hunt.dialer.dialled) == "abcbca"


async def test_an_attempt_rings_as_long_as_the_block_says() -> None:
    hunt = Hunt([NEVER], replace(WHISPER, timeout=20))
    assert await hunt.run() == FindMeResult(False, "1 no answer")
    assert hunt.took == pytest.approx(20, abs=0.05)
    assert hunt.journal.of(LegDialled)[0].timeout == 20


@pytest.mark.parametrize(
    ("shown", "number"),
    [(ShownCallerId.CALLER, "2125550199"), (ShownCallerId.OURS, "8005550100")],
)
async def test_the_people_called_see_the_number_that_the_block_names(
    shown: ShownCallerId, number: str
) -> None:
    hunt = Hunt([BUSY], replace(WHISPER, caller_id=shown))
    await hunt.run()
    assert hunt.dialer.orders[0].caller_id == number


WORKDAYS = Schedule((Hours(("mon", "tue", "wed", "thu", "fri"), time(8), time(18)),))
SUNDAYS = Schedule((Hours(("sun",), time(8), time(18)),))


async def test_nobody_is_called_outside_the_schedule() -> None:
    hunt = Hunt([accepts()], replace(NAMED, schedule=SUNDAYS))
    assert await hunt.run() == FindMeResult(False, "closed, wed 10:04", closed=True)
    assert hunt.dialer.dialled == []
    assert hunt.journal.of(OpeningChecked) == [OpeningChecked(False, "closed, wed 10:04")]


async def test_inside_the_schedule_people_are_called() -> None:
    hunt = Hunt([accepts()], replace(WHISPER, schedule=WORKDAYS))
    await hunt.run()
    assert hunt.winner == "a"


async def test_an_empty_list_has_nobody() -> None:
    assert await Hunt([]).run() == FindMeResult(False, "the list is empty")


async def test_an_error_of_one_leg_leaves_the_others_alone() -> None:
    broken = FarEnd(error=RuntimeError("a mistake of ours"))
    hunt = Hunt([broken, accepts()], replace(WHISPER, simultaneous=2))
    await hunt.run()
    assert hunt.winner == "b"
    assert hunt.fates["a"] == ("failed", "an error of the server: RuntimeError")


async def test_a_leg_that_asterisk_loses_fails_alone() -> None:
    broken = FarEnd(error=TelephonyError("no answer in time"), rings=0)
    hunt = Hunt([broken, accepts()], WHISPER)
    await hunt.run()
    assert hunt.winner == "b"
    assert hunt.fates["a"][0] == "failed"


async def test_whoever_leaves_before_the_bridge_gives_way_to_the_next() -> None:
    findme = replace(WHISPER, auto_accept=AutoAccept.FIRST_TO_ANSWER)
    hunt = Hunt([leaves(at=0.2), accepts()], findme)
    await hunt.run()
    assert hunt.winner == "b"
    assert hunt.fates["a"] == ("hung_up", "the person called hung up")


async def test_a_bridge_that_fails_gives_way_to_the_next() -> None:
    hunt = Hunt([accepts(), BUSY], WHISPER)
    hunt.dialer.broken_bridge = True
    result = await hunt.run()
    assert result is not None
    assert not result.connected
    assert hunt.dialer.dialled == ["a", "b"]
    assert "leg 1 was not connected" in hunt.warnings[0]
