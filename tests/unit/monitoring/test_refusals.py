"""Whoever asks whether there is room is told of which Asterisks calls are refused, and why."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from ivrserver.cluster import Trust
from ivrserver.config import AsteriskPlace, Settings
from ivrserver.observed import refusals
from ivrserver.telephony.admission import FEW
from ivrserver.telephony.boards import Boards


@pytest.mark.parametrize(
    ("objections", "told"),
    [
        ({}, ""),
        ({"a": "full", "b": "full"}, "calls are refused: full"),
        ({"b": "slow"}, "calls from b are refused: slow"),
        (
            {"a": "late", "b": "slow"},
            "calls from a are refused: late; calls from b are refused: slow",
        ),
    ],
)
def test_the_reason_is_told_once_if_all_have_it(objections: dict[str, str], told: str) -> None:
    assert refusals(objections, 2) == told


async def test_the_lateness_of_the_loop_concerns_all_asterisks_and_slow_answers_one() -> None:
    places = {
        name: AsteriskPlace(host="127.0.0.1", port=port, password=SecretStr("secret"))
        for name, port in (("a", 8088), ("b", 8089))
    }
    late = 0.0
    boards = Boards(Settings(asterisks=places), Trust(), lateness=lambda: late)
    assert boards.objections == {}
    for _ in range(FEW):
        boards.by_name["b"]._admission.answers.note(0.5)
    assert boards.objections == {"b": "slow"}
    late = 0.5
    assert boards.objections == {"a": "late", "b": "late"}
    for board in boards.by_name.values():
        await board._transport.close()
