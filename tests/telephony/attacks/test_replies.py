"""Replies that are bombs, or too much of everything: the caller hears the backup, or goes on."""

from __future__ import annotations

import pytest

from ivrserver.actions.reference import MAX_PHONES, MAX_USER_PARAMETERS
from ivrserver.flow.events import ActionChosen, BackupRouted, BlockEntered, LegDecided
from tests.telephony.attacks.fortress import Fortress
from tests.telephony.attacks.targets import STEERED, findme
from tests.telephony.attacks.together import together
from tests.telephony.customer import HANG_UP, Reply
from tests.unit.actions.bombs import BOMB, BOMBS

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

DECLARED = "has a document type declaration"
TOO_LARGE = "larger than"


def action(app: str, parameters: str, more: str = "") -> str:
    return f"<action><app>{app}</app><parameters>{parameters}</parameters>{more}</action>"


def ivr(parameters: str) -> str:
    return action("ivr", f"<id>20</id>{parameters}")


@together
async def test_no_bomb_goes_off(fortress: Fortress) -> None:
    nested = f"{'<a>' * 5000}{'</a>' * 5000}"
    wrong = [
        *((Reply(body), f"{DECLARED}|{TOO_LARGE}") for body in BOMBS),
        (Reply(BOMB, charset="utf-16"), DECLARED),
        (Reply(BOMB, charset="utf-32"), DECLARED),
        (Reply(BOMB, charset="utf-7"), DECLARED),
        (Reply(action("hangup", "", nested)), "nested too deeply"),
        (Reply("<action><app>hang\0up</app></action>"), "not well-formed"),
        (Reply(HANG_UP + " " * 1_000_000), TOO_LARGE),
        (Reply(action("transfer", f"<destination>{'1' * 1_000_000}</destination>")), TOO_LARGE),
        (Reply(action("findme", f"<whisper_phrase>{'ha ' * 350_000}</whisper_phrase>")), TOO_LARGE),
        (Reply(action("ivr", f"<id>{'9' * 1000}</id>")), "<id> must be a whole number"),
        (Reply(action("x" * 60_000, "")), "which is none of"),
    ]
    calls = await fortress.calls(STEERED, [reply for reply, _ in wrong])
    for (_, expected), call in zip(wrong, calls, strict=True):
        reason = call.one(BackupRouted).reason
        assert any(each in reason for each in expected.split("|")), f"{expected}: {reason}"
        assert len(reason) < 400
        assert call.ended.reason == "hung_up"


@together
async def test_too_much_of_everything_is_cut_and_the_call_goes_on(fortress: Fortress) -> None:
    names = "".join(f"<name{n}>{n}</name{n}>" for n in range(2400))
    large = {
        f"more than {MAX_USER_PARAMETERS} names": f"<user_parameters>{names}</user_parameters>",
        "<unheard> is longer than 4,000 characters": (
            f"<user_parameters><unheard>{'ha ' * 20_000}</unheard></user_parameters>"
        ),
        "<p_t> is longer than 4096 bytes": f"<p_t>{'x' * 60_000}</p_t>",
        "<question_id> must be a whole number": f"<question_id>{'9' * 60_000}</question_id>",
        "more warnings": "<x/>" * 15_000,
    }
    replies = [Reply(ivr(parameters)) for parameters in large.values()]
    calls = dict(zip(large, await fortress.calls(STEERED, replies), strict=True))
    for expected, call in calls.items():
        chosen = call.all(ActionChosen)[0]
        assert any(expected in text for text in chosen.warnings), chosen.warnings
        assert [event.block_id for event in call.all(BlockEntered)] == [8, 20]
        assert call.ended.reason == "hung_up"
    about = calls["<p_t> is longer than 4096 bytes"].details.call.caller_id
    sent = fortress.house.customer.asked[about]
    assert [request["ivr_pass_through"] for request in sent] == ["", "x" * 4096]


@together
async def test_a_list_of_thousands_places_no_more_legs_than_a_call_may(fortress: Fortress) -> None:
    people = [fortress.nobody() for _ in range(3)]
    numbers = [*people, *["9005551234"] * 2000, *["2125550100;x"] * 2000]
    call = await fortress.call(STEERED, findme(*numbers, simultaneous=9999))
    assert any(
        f"more than {MAX_PHONES} numbers" in text for text in call.one(ActionChosen).warnings
    )
    outcomes = [event.outcome for event in call.all(LegDecided)]
    assert sorted(set(outcomes)) == ["refused", "unreachable"]
    assert (len(outcomes), outcomes.count("unreachable")) == (MAX_PHONES, len(people))
    assert len(str(call.details.timeline)) < 1_000_000
