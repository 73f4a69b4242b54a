"""Who is dead, judged by counters on the observer's own clock."""

from __future__ import annotations

from dataclasses import replace

from ivrserver.cluster.judge import Judge
from ivrserver.cluster.ports import Beat

LEASE = 5.0
A = Beat("ivr-a-1", 1, 10, released=False)


def beats(count: int) -> Beat:
    return replace(A, beat=count)


def test_who_beats_lives() -> None:
    judge = Judge(LEASE)
    assert [judge.dead([beats(second)], float(second)) for second in range(20)] == [[]] * 20


def test_who_is_silent_for_a_lease_is_dead() -> None:
    judge = Judge(LEASE)
    found = [bool(judge.dead([A], float(second))) for second in range(8)]
    assert found == [False] * 5 + [True] * 3


def test_a_new_epoch_is_a_sign_of_life() -> None:
    judge = Judge(LEASE)
    for second in range(5):
        judge.dead([A], float(second))
    assert judge.dead([replace(A, epoch=2, beat=0)], 5.0) == []


def test_who_has_given_its_lease_back_is_dead_at_once() -> None:
    given_back = replace(A, released=True)
    assert Judge(LEASE).dead([given_back], 0.0) == [given_back]


def test_an_observer_who_did_not_look_judges_nobody() -> None:
    judge = Judge(LEASE)
    judge.dead([A], 0.0)
    assert judge.dead([A], 60.0) == [], "it may have been frozen itself"
    assert [bool(judge.dead([A], 60.0 + second)) for second in range(1, 7)] == [False] * 4 + [
        True,
        True,
    ]


def test_an_observer_whose_database_was_away_begins_anew() -> None:
    judge = Judge(LEASE)
    for second in range(5):
        judge.dead([A], float(second))
    judge.forget()
    assert judge.dead([A], 5.0) == []


def test_who_is_no_longer_known_is_forgotten() -> None:
    judge = Judge(LEASE)
    judge.dead([A], 0.0)
    judge.dead([], 1.0)
    for second in range(2, 7):
        assert judge.dead([A], float(second)) == []
