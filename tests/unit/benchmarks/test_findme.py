"""FindMe is measured alike on both sides, and its calls are judged strictly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import pytest

from benchmarks.figures import Contestant
from benchmarks.findme.caller import Caller
from benchmarks.findme.figures import LATENCIES, TO_HEARING, Run, ratio, spread
from benchmarks.findme.outcome import Ears, Outcome
from benchmarks.findme.report import cpu_table, idle, latency_table, targets
from benchmarks.findme.script import (
    SPOKEN,
    Trial,
    account,
    dialplan,
    number_of,
    trials,
    voice,
)
from ivrserver.blocks import FindMe
from ivrserver.blocks.files import FlowSource, dump, load
from tests.telephony.agent_line import Crowd, Line
from tests.telephony.wire import FRAME_SECONDS, Wires

RINGING = Trial("2 x 3 legs", 3, 2, 2)
ANSWERING = replace(RINGING, all_answer=True)
PROMPTS = [
    [bytes([prompt, frame]) * 80 for frame in range(length)]
    for prompt, length in enumerate((20, 40, 30))
]
ELSEWHERE = "Q.850;cause=26"
CALLERS = NUMBER, OTHER = number_of(0), number_of(1)

Damage = Callable[[Outcome], object]


# ---- what is measured


def test_the_flow_file_holds_a_findme_for_each_size_of_group() -> None:
    measured = trials(callers=30)
    made = account(measured)
    sizes = [block.simultaneous for block in made.blocks if isinstance(block, FindMe)]
    assert sizes == [20, 5]
    assert load([FlowSource("flow.yaml", dump(made).encode())]) == made


def test_the_dialplan_calls_the_same_people_with_the_same_prompts() -> None:
    text = dialplan([RINGING, ANSWERING], ["/whisper", "/question", "/taken"])
    everybody = "&".join(f"PJSIP/{person}@people" for person in RINGING.people)
    assert text.count("Dial(") == 1
    assert f"Dial({everybody},30,mU(screening))" in text
    assert "Read(KEY,/whisper&/question,1,,2,5)" in text


def test_what_an_answer_decides_in_the_dialplan_is_not_compared() -> None:
    assert [bool(trial.plain) for trial in trials(callers=30)] == [True, True, False]


def test_the_whole_load_is_150_legs_of_30_callers() -> None:
    assert [(trial.callers, trial.callers * trial.legs) for trial in trials(callers=30)] == [
        (1, 20),
        (30, 150),
        (30, 150),
    ]


def test_no_two_parties_sound_alike() -> None:
    callers = [number_of(call) for call in range(30)]
    parties = [(person, caller) for caller in callers for person in ("", *RINGING.people)]
    assert len({voice(*party) for party in parties}) == len(parties)


# ---- judging


@pytest.fixture(scope="module")
def wires() -> Iterator[Wires]:
    with Wires().running() as opened:
        yield opened


def stream(frame: bytes, began: float, until: float) -> Iterator[tuple[float, bytes]]:
    for number in range(round((until - began) / FRAME_SECONDS)):
        yield began + number * FRAME_SECONDS, frame


def prompt(place: int, began: float) -> Iterator[tuple[float, bytes]]:
    for number, frame in enumerate(PROMPTS[place]):
        yield began + number * FRAME_SECONDS, frame


def good(wires: Wires, trial: Trial = RINGING, *, asked: bool = True) -> Outcome:
    """A call in which everything went well: rings at 10, answer at 12, key at 13, ends at 16."""
    caller = Caller(NUMBER, trial.server, 5060, wires.open())
    caller.invited, caller.answered, caller.ended = 9.9, 9.95, 16.0
    caller.closed.set()
    crowd = Crowd(wires)
    lines = [
        Line(crowd, "", ("127.0.0.1", 5060), person, NUMBER, 10.0 + place / 100, wires.open())
        for place, person in enumerate(trial.people)
    ]
    for line in lines:
        line.ended, line.how, line.reasons = 13.02, "cancelled", [ELSEWHERE]
        line.over.set()
        if trial.all_answer:
            line.answered, line.ended, line.how, line.reasons = 12.0, 14.0, "hung up", []
            line.wire.heard = [*prompt(0, 12.005), *prompt(2, 13.03)]
    winner = lines[-1]
    winner.answered, winner.ended, winner.how = 12.0, 16.005, "hung up"
    winner.wire.released.append(13.0)
    ours = stream(voice("", NUMBER), 13.02, 16.0)
    winner.wire.heard = [*chain(prompt(0, 12.005), ours)]
    caller.wire.heard = [*stream(voice(winner.number, NUMBER), 13.01, 16.0)]
    voices = {voice(person, number) for person in ("", *trial.people) for number in CALLERS}
    return Outcome(trial, caller, lines, Ears(PROMPTS), voices, asked)


@pytest.mark.parametrize("trial", [RINGING, ANSWERING], ids=["ringing", "answering"])
def test_a_good_call_has_not_failed(wires: Wires, trial: Trial) -> None:
    assert good(wires, trial).failure == ""


def stranger(call: Outcome) -> None:
    call.caller.wire.heard = [*stream(voice("2125569999", NUMBER), 13.01, 16.0)]


def crosstalk(place: int) -> Damage:
    def damage(call: Outcome) -> None:
        call.lines[place].wire.heard.append((13.5, voice("", OTHER)))

    return damage


def let_in(call: Outcome) -> None:
    call.lines[0].wire.heard.append((13.5, voice("", NUMBER)))


def stutter(call: Outcome) -> None:
    del call.caller.wire.heard[20:60]


def cut_whisper(call: Outcome) -> None:
    del call.lines[-1].wire.heard[10:20]


def leak(call: Outcome) -> None:
    call.caller.wire.heard.append((12.5, PROMPTS[0][3]))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda call: setattr(call.caller, "answered", 0.0), "not answered"),
        (lambda call: setattr(call.lines[1], "number", "1"), "3 of 3 legs rang"),
        (lambda call: call.lines[-1].wire.released.clear(), "nobody was asked"),
        (cut_whisper, "whisper not heard whole"),
        (leak, "the caller heard what was for the person called"),
        (stranger, "not heard both ways"),
        (crosstalk(0), "somebody else was heard"),
        (crosstalk(-1), "somebody else was heard"),
        (let_in, "somebody else was heard"),
        (stutter, "the caller did not hear all"),
        (lambda call: call.caller.closed.clear(), "not ended in order"),
        (lambda call: setattr(call.lines[-1], "how", ""), "not ended in order"),
        (lambda call: setattr(call.lines[0], "how", ""), "loser not cancelled"),
        (lambda call: setattr(call.lines[0], "how", "hung up"), "loser not cancelled"),
        (lambda call: call.lines[0].reasons.clear(), "loser not cancelled"),
    ],
)
def test_whatever_goes_wrong_fails_the_call(wires: Wires, damage: Damage, reason: str) -> None:
    call = good(wires)
    damage(call)
    assert call.failure == reason


def test_who_listens_must_be_told_that_the_call_was_taken(wires: Wires) -> None:
    call = good(wires, ANSWERING)
    del call.lines[0].wire.heard[-5:]
    assert call.failure == "loser not told"


# ---- figures


def run(who: Contestant, outcomes: list[Outcome], asterisk: float, controller: float = 0.0) -> Run:
    cpu = {"asterisk": asterisk, "controller": controller}
    return Run(who, outcomes[0].trial, outcomes, cpu, left=0)


def test_times_are_between_the_moments_they_name(wires: Wires) -> None:
    runs = [run("server", [good(wires)], 1.0)]
    found = {name: one.median for name in LATENCIES if (one := spread(runs, name))}
    assert found == {
        "call → all legs ring": pytest.approx(0.12),
        "answer → whisper": pytest.approx(0.005),
        TO_HEARING: pytest.approx(0.02),
        "decided → last loser knows": pytest.approx(0.02),
        "one hangs up → the other is released": pytest.approx(0.005),
    }


def test_who_is_asked_decides_by_the_key_and_who_is_not_by_the_answer(wires: Wires) -> None:
    assert good(wires, asked=True).to_last_loser() == pytest.approx(0.02)
    assert good(wires, asked=False).to_last_loser() == pytest.approx(1.02)
    assert good(wires, ANSWERING).to_last_loser() == pytest.approx(0.03)


def test_failed_calls_lend_no_times(wires: Wires) -> None:
    call = good(wires)
    leak(call)
    assert spread([run("server", [call], 1.0)], TO_HEARING) is None


def test_the_ratio_counts_asterisk_and_controller(wires: Wires) -> None:
    call = good(wires)
    runs = [run("plain", [call], 0.020), run("server", [call], 0.024, 0.006)]
    assert ratio(runs, RINGING) == pytest.approx(1.5)
    assert ratio([run("server", [call], 0.024, 0.006)], RINGING) is None


def test_legs_that_are_up_together_are_counted(wires: Wires) -> None:
    assert run("server", [good(wires), good(wires)], 1.0).live == 6


def test_targets_hold_or_are_said_not_to(wires: Wires) -> None:
    calls = [good(wires), good(wires)]
    runs = [run("plain", calls, 0.020), run("server", calls, 0.030, 0.012)]
    assert [each.holds for each in targets(runs)] == [True, False, True]
    runs[1] = replace(runs[1], left=1)
    assert next(iter(targets(runs))).holds is False


def test_what_the_dialplan_cannot_do_is_shown_as_such(wires: Wires) -> None:
    runs = [run("server", [good(wires, ANSWERING)], 0.030, 0.012)]
    assert "cannot" in cpu_table(runs)
    assert "server: 2 x 3 legs" in latency_table(runs)


def test_what_idling_costs_is_told() -> None:
    told = idle({"asterisk": 0.001, "controller": 0.008})
    assert told == (
        "Without a call, a second takes 1.0 ms (asterisk) and 8.0 ms (controller) of CPU time."
    )


def test_the_prompts_are_those_that_the_server_speaks() -> None:
    assert len(SPOKEN) == len(set(SPOKEN)) == len(PROMPTS)
