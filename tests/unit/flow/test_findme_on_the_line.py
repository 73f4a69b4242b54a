"""FindMe: what is heard meanwhile, spoken answers, recordings, and callers who hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from ivrserver.blocks import AutoAccept, FindMe, ScreenMethod
from ivrserver.errors import AriUnavailable
from ivrserver.flow.events import (
    Bridged,
    HoldStarted,
    LegDecided,
    LegScreened,
    RecordingStarted,
    Unbridged,
    WordHeard,
)
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import LegOutcome
from ivrserver.flow.records import RecordingMade, TimelineEntry
from tests.fakes import FakeChannel, FakeJournal, FakeRecogniser, FarEnd
from tests.unit.flow.hunt import (
    BUSY,
    EN,
    NEVER,
    NOBODY,
    Hunt,
    accepts,
    silent,
    spoken,
)
from tests.unit.flow.scene import Scene

pytestmark = pytest.mark.looptime

PLAIN = FindMe(screen_method=ScreenMethod.WHISPER_PHRASE)
QUIET = ["stop", "stop_hold", "stop_ringing"]


# ---- hold


async def test_the_caller_hears_the_standard_music_until_somebody_accepts() -> None:
    hunt = Hunt([BUSY, accepts()], PLAIN)
    await hunt.run()
    assert hunt.caller.did == ["start_hold", *QUIET]
    assert [event.reason for event in hunt.journal.of(HoldStarted)] == [
        "the standard music, while people are called"
    ]


async def test_the_caller_hears_ringing_where_the_block_says_so() -> None:
    hunt = Hunt([accepts()], replace(PLAIN, ringing=True))
    await hunt.run()
    assert hunt.caller.did == ["start_ringing", *QUIET]


async def test_the_blocks_own_music_is_repeated_and_ringing_follows() -> None:
    findme = replace(PLAIN, hold_music="Blues.mp3", hold_repeat=3)
    hunt = Hunt([accepts(rings=5)], findme, audio={"blues": "one two three four five"})
    await hunt.run()
    assert [at for at, _ in hunt.caller.heard] == [0, 0.5, 1]
    assert hunt.caller.did == ["start_ringing", *QUIET]


async def test_the_blocks_own_music_goes_on_until_somebody_accepts() -> None:
    findme = replace(PLAIN, hold_music="blues")
    hunt = Hunt([accepts(at=0.9, rings=5)], findme, audio={"blues": "one two three four five"})
    await hunt.run()
    assert len(hunt.caller.heard) == 12
    assert hunt.caller.did == QUIET
    assert not hunt.caller.playing


async def test_music_that_is_missing_gives_way_to_the_standard_music() -> None:
    hunt = Hunt([accepts()], replace(PLAIN, hold_music="blues"))
    await hunt.run()
    assert hunt.caller.did == ["start_hold", *QUIET]
    assert hunt.warnings == ["the audio library has no file 'blues': the standard music"]


async def test_music_that_cannot_be_made_gives_way_to_the_standard_music() -> None:
    hunt = Hunt([accepts()], replace(PLAIN, hold_music="blues"), audio={"blues": "broken"})
    hunt.scene.speech.broken.add("broken")
    await hunt.run()
    assert hunt.caller.did == ["start_hold", *QUIET]


class MutePlayer(FakeChannel):
    """Hold music does not work."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def start_hold(self) -> None:
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("a mistake"), AriUnavailable("no answer in time")])
async def test_music_that_fails_does_not_end_the_search(error: Exception) -> None:
    scene = Scene(blocks=(PLAIN,), channel=MutePlayer(error))
    hunt = Hunt([accepts()], PLAIN, scene=scene)
    await hunt.run()
    assert hunt.winner == "a"
    assert hunt.warnings[0].startswith("the caller hears nothing while waiting: ")


# ---- spoken answers

SPOKEN = replace(PLAIN, dtmf_only=False)


def says(word: str) -> FarEnd:
    return FarEnd(says=word)


@pytest.mark.parametrize("word", EN.yes)
async def test_a_spoken_yes_accepts(word: str) -> None:
    hunt = Hunt([says(word)], SPOKEN)
    await hunt.run()
    assert hunt.winner == "a"
    assert hunt.heard("a") == [EN.accept_or_say]
    assert hunt.fates["a"] == ("accepted", f"said {word}")
    assert hunt.journal.of(WordHeard) == [WordHeard(word)]


async def test_a_spoken_no_declines() -> None:
    hunt = Hunt([says("no")], SPOKEN)
    await hunt.run()
    assert hunt.fates["a"] == ("declined", "said no")


async def test_what_a_machine_says_is_no_answer() -> None:
    hunt = Hunt([says("please leave a message")], SPOKEN)
    await hunt.run()
    assert hunt.winner == NOBODY
    assert hunt.fates["a"][0] == "no_key"
    assert set(hunt.journal.of(WordHeard)) == {WordHeard("")}
    assert hunt.heard("a") == [EN.accept_or_say] * 2


class LateEars(FakeRecogniser):
    """Hears a yes, but not in the first piece of each time that it is asked for."""

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        await super().choose(wav, words, language)
        return "" if len(self.heard) in (1, 2) else "yes"


async def test_what_follows_without_a_pause_is_no_answer_whatever_it_is() -> None:
    hunt = Hunt([FarEnd(says="please leave", talks=9)], SPOKEN)
    ears = LateEars()
    hunt.world = replace(hunt.world, recogniser=ears)
    await hunt.run()
    assert hunt.winner == NOBODY
    assert len(ears.heard) == 2
    assert hunt.journal.of(WordHeard) == [WordHeard("")] * 4


async def test_somebody_who_says_nothing_is_asked_twice_for_five_seconds() -> None:
    hunt = Hunt([silent()], SPOKEN)
    await hunt.run()
    prompts = 2 * len(EN.accept_or_say.split()) / 10
    assert hunt.took == pytest.approx(2 + prompts + 10, abs=0.1)
    assert hunt.scene.recogniser.heard == []


@pytest.mark.parametrize("at", [0.5, 3.0, 4.5])
async def test_keys_count_before_and_while_somebody_is_listened_to(at: float) -> None:
    hunt = Hunt([accepts(at=at)], SPOKEN)
    await hunt.run()
    assert hunt.winner == "a"
    assert hunt.dialer.bridges[0].began == pytest.approx(2 + at, abs=0.05)


async def test_a_key_during_recognition_counts() -> None:
    person = FarEnd(says="mumble", acts=[(4.0, "1")])
    hunt = Hunt([person], SPOKEN)
    hunt.scene.recogniser.seconds = 3
    await hunt.run()
    assert hunt.dialer.bridges[0].began == pytest.approx(6, abs=0.05)


async def test_a_recorder_that_fails_leaves_the_keys() -> None:
    hunt = Hunt([accepts(at=4)], replace(SPOKEN, simultaneous=1))
    hunt.dialer.broken_ears = True
    await hunt.run()
    assert hunt.winner == "a"
    assert hunt.warnings == ["spoken words are not heard, keys are: the disk is full"]


async def test_a_language_that_nothing_understands_leaves_the_keys() -> None:
    hunt = Hunt([accepts()], SPOKEN, language="de-DE")
    await hunt.run()
    assert hunt.heard("a") == [phrases("de").findme.accept]
    assert hunt.warnings == ["nothing here understands spoken de-DE: keys only"]


async def test_the_words_are_those_of_the_language() -> None:
    hunt = Hunt([says("oui")], SPOKEN, language="fr-FR")
    hunt.world = replace(hunt.world, recogniser=FakeRecogniser("fr-FR"))
    await hunt.run()
    assert hunt.winner == "a"


class BrokenEars(FakeRecogniser):
    """Breaks its promise never to raise."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("a mistake of ours"), "an error of the server: RuntimeError"),
        (AriUnavailable("no answer in time"), "no answer in time"),
    ],
)
async def test_an_error_while_somebody_is_screened_leaves_the_others_alone(
    error: Exception, reason: str
) -> None:
    hunt = Hunt([says("yes"), accepts(at=8)], replace(SPOKEN, simultaneous=2))
    hunt.world = replace(hunt.world, recogniser=BrokenEars(error))
    await hunt.run()
    assert hunt.winner == "b"
    assert hunt.fates["a"] == ("failed", reason)


# ---- recording

RECORDED = replace(PLAIN, record=True)


async def test_both_hear_the_warning_at_the_same_time_and_are_recorded() -> None:
    hunt = Hunt([accepts()], RECORDED)
    await hunt.run()
    to_leg, to_caller = hunt.leg("a").heard[-1], hunt.caller.heard[-1]
    assert to_leg == to_caller
    assert to_leg[0] == pytest.approx(3, abs=0.05)
    assert to_leg[1] == f"say:{EN.recorded}"
    (bridge,) = hunt.dialer.bridges
    assert bridge.began == pytest.approx(3.4, abs=0.05)
    (made,) = hunt.journal.of(RecordingMade)
    assert made.seconds == pytest.approx(30, abs=0.1)
    assert made.call_id == "call"


async def test_a_call_that_is_not_to_be_recorded_has_no_warning() -> None:
    hunt = Hunt([accepts()], PLAIN)
    await hunt.run()
    assert spoken(hunt.caller) == []
    assert hunt.journal.of(RecordingStarted) == []


@pytest.mark.parametrize("fails", ["start", "end"])
async def test_a_recording_that_fails_does_not_end_the_call(fails: str) -> None:
    hunt = Hunt([accepts()], RECORDED)
    hunt.dialer.broken_recorder = fails
    await hunt.run()
    assert hunt.journal.of(Unbridged)[0].seconds == pytest.approx(30, abs=0.1)
    assert "the disk is full" in hunt.warnings[0]
    assert hunt.journal.of(RecordingMade) == []


async def test_nobody_is_recorded_without_a_warning() -> None:
    hunt = Hunt([accepts()], RECORDED)
    hunt.scene.speech.broken.add(EN.recorded)
    await hunt.run()
    assert hunt.winner == "a"
    assert hunt.dialer.bridges[0].recordings == []
    assert hunt.warnings[-1] == (
        "not everybody heard the recording warning: the call is not recorded"
    )


async def test_a_leg_that_leaves_during_the_warning_gives_way_to_the_next() -> None:
    person = FarEnd(acts=[(1, "1"), (1.2, "hang up")])
    hunt = Hunt([person, accepts()], RECORDED)
    await hunt.run()
    assert hunt.winner == "b"
    assert hunt.warnings[-1].startswith("leg 1 was not connected: the far end hung up")


async def test_the_recording_is_kept_when_the_caller_hangs_up() -> None:
    hunt = Hunt([accepts()], RECORDED)
    assert await hunt.run(hang_up_at=10) is None
    (made,) = hunt.journal.of(RecordingMade)
    assert made.seconds == pytest.approx(6.6, abs=0.1)
    assert hunt.journal.of(Unbridged)[0].reason == "the caller hung up"


# ---- the caller hangs up

STEPS = {
    "while the name is asked for": (0.3, {}),
    "while the name is recorded": (1.5, {}),
    "while everybody rings": (5.5, {"a": "cancelled", "b": "cancelled", "c": "cancelled"}),
    "during the whisper": (7.0, {"a": "cancelled", "b": "cancelled", "c": "cancelled"}),
    "during the recording warning": (10.8, {"a": "accepted", "b": "taken", "c": "cancelled"}),
    "while two talk": (20.0, {"a": "accepted", "b": "taken", "c": "cancelled"}),
}


@pytest.mark.parametrize("step", STEPS)
async def test_a_caller_who_hangs_up_leaves_nothing_behind(step: str) -> None:
    at, fates = STEPS[step]
    people = [accepts(at=4), silent(rings=2.5), NEVER]
    hunt = Hunt(people, FindMe(simultaneous=3, record=True))
    assert await hunt.run(hang_up_at=at) is None
    assert hunt.took == pytest.approx(at, abs=0.01)
    assert {name: fate for name, (fate, _) in hunt.fates.items()} == fates
    reasons = [reason for fate, reason in hunt.fates.values() if fate == "cancelled"]
    assert set(reasons) <= {"the caller hung up", "leg 1 accepted"}
    if at < 10:
        assert set(reasons) <= {"the caller hung up"}


async def test_phones_that_ring_are_not_told_of_an_answer_when_the_caller_hangs_up() -> None:
    hunt = Hunt([NEVER, NEVER], replace(PLAIN, simultaneous=2))
    await hunt.run(hang_up_at=5)
    assert set(hunt.dialer.cancelled.values()) <= {False}
    assert [event.reason for event in hunt.journal.of(LegDecided)] == ["the caller hung up"] * 2


async def test_a_caller_who_hangs_up_cuts_the_sentence_for_those_who_were_late() -> None:
    findme = replace(PLAIN, simultaneous=2, auto_accept=AutoAccept.ASK)
    hunt = Hunt([accepts(at=2), silent()], findme)
    await hunt.run(hang_up_at=4.2)
    assert hunt.heard("b")[-1] == EN.taken
    assert hunt.took == pytest.approx(4.2, abs=0.01)


@dataclass
class SlowJournal(FakeJournal):
    """It takes a second until a bridge is stored; the caller leaves meanwhile."""

    caller: FakeChannel

    def __post_init__(self) -> None:
        super().__init__()

    async def commit(self) -> None:
        if self.of(Bridged):
            self.caller.leave()
            await asyncio.sleep(1)
        await super().commit()


async def test_a_caller_who_hangs_up_while_the_bridge_is_stored_was_connected() -> None:
    channel = FakeChannel()
    scene = Scene(blocks=(FindMe(),), channel=channel, journal=SlowJournal(channel))
    hunt = Hunt([accepts()], scene=scene)
    assert await hunt.run() is None
    assert hunt.journal.of(Unbridged)[0].reason == "the caller hung up"


# ---- the timeline


async def test_whatever_concerns_a_leg_names_it() -> None:
    hunt = Hunt([accepts()], replace(PLAIN, whisper_phrase="Radio Ad"))
    await hunt.run()
    (leg_id,) = hunt.dialer.legs
    about = {
        type(record.event).__name__
        for record in hunt.journal.records
        if isinstance(record, TimelineEntry) and record.leg_id == leg_id
    }
    assert about == {
        "LegDialled",
        "LegDecided",
        "PromptPlayed",
        "PromptStopped",
        "LegScreened",
        "Bridged",
        "Unbridged",
    }


async def test_whoever_hangs_up_during_the_whisper_has_not_declined() -> None:
    hunt = Hunt([FarEnd(acts=[(0.1, "hang up")])], PLAIN)
    await hunt.run()
    assert hunt.journal.of(LegDecided)[0].outcome == LegOutcome.ANSWERED.value
    assert hunt.journal.of(LegScreened)[0].outcome == "hung_up"
