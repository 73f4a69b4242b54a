"""What a reply that asks for FindMe means, and what is said about its parameters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivrserver.actions import reference
from ivrserver.actions.model import RunFindMe
from ivrserver.blocks import FindMe, NextAction, ScreenMethod
from tests.unit.actions.replies import reply

DYNAMIC = FindMe(phones=("2223334444",))


def findme(parameters: str) -> tuple[FindMe, tuple[str, ...]]:
    understood = reply("findme", "<phone_list>2223334444</phone_list>" + parameters)
    assert isinstance(understood.action, RunFindMe)
    return understood.action.over(DYNAMIC), understood.warnings


def test_findme_has_the_reference_s_defaults() -> None:
    action, warnings = findme("")
    assert action == DYNAMIC
    assert warnings == ()


def test_the_model_s_defaults_are_those_of_the_table() -> None:
    defaults = {
        one.name: one.default for one in reference.FINDME.parameters if one.default is not None
    }
    action = FindMe()
    assert defaults == {
        "simultaneous": action.simultaneous, "timeout": action.timeout,
        "screen_method": action.screen_method, "auto_accept": action.auto_accept,
        "dtmf_only": action.dtmf_only, "record": action.record, "nextaction": action.next_action,
    }  # fmt: skip


def test_numbers_are_split_at_pipes_and_empty_ones_dropped() -> None:
    action = reply("findme", "<phone_list>| 2223334444||5556667777 |</phone_list>").action
    assert action == RunFindMe(phone_list=("2223334444", "5556667777"))


def test_the_id_wins_over_the_list() -> None:
    understood = reply("findme", "<phone_list>222</phone_list><id>9</id>")
    assert understood.action == RunFindMe(block_id=9)
    assert understood.warnings == ("<id> is given, so <phone_list> is ignored",)


@pytest.mark.parametrize(
    ("given_", "used", "warning"),
    [
        ("5", 20, "<timeout> is 5, raised to 20"),
        ("-5", 20, "<timeout> is -5, raised to 20"),
        ("20", 20, None),
        ("60", 60, None),
        ("61", 60, "<timeout> is 61, lowered to 60"),
        ("soon", 30, "<timeout> is not a whole number: 30 is used"),
        ("30.0", 30, "<timeout> is not a whole number: 30 is used"),
        ("9" * 5000, 30, "<timeout> is not a whole number: 30 is used"),
        ("", 30, None),
    ],
)
def test_the_timeout_is_kept_within_its_limits(given_: str, used: int, warning: str | None) -> None:
    action, warnings = findme(f"<timeout>{given_}</timeout>")
    assert action.timeout == used
    assert warnings == ((warning,) if warning else ())


def test_at_least_one_number_is_called_at_once() -> None:
    action, warnings = findme("<simultaneous>0</simultaneous>")
    assert action.simultaneous == 1
    assert warnings == ("<simultaneous> is 0, raised to 1",)


@pytest.mark.parametrize(
    "parameter",
    [one for one in reference.FINDME.parameters if one.choices],
    ids=lambda one: one.name,
)
def test_a_value_that_is_no_choice_gives_the_default(parameter: reference.Parameter) -> None:
    action, warnings = findme(f"<{parameter.name}>8</{parameter.name}>")
    assert action == DYNAMIC
    assert warnings == (
        f"<{parameter.name}> must be one of {', '.join(map(str, parameter.choices))}: "
        f"{parameter.default} is used",
    )


@pytest.mark.parametrize("action", [2, 4, 5, 6])
def test_a_next_action_that_goes_to_a_block_needs_its_id(action: int) -> None:
    understood, warnings = findme(f"<nextaction>{action}</nextaction>")
    assert understood.next_action is NextAction.SAY_NOBODY_AND_HANG_UP
    assert warnings == (f"<nextaction> {action} needs a <nextactionitem>: nextaction 1 is used",)
    item = "<nextactionitem>55</nextactionitem>"
    understood, warnings = findme(f"<nextaction>{action}</nextaction>{item}")
    assert (understood.next_action, understood.next_action_item) == (action, 55)
    assert warnings == ()


@pytest.mark.parametrize("action", [1, 3, 7])
def test_a_next_action_that_goes_nowhere_ignores_an_id(action: int) -> None:
    item = "<nextactionitem>55</nextactionitem>"
    understood, warnings = findme(f"<nextaction>{action}</nextaction>{item}")
    assert (understood.next_action, understood.next_action_item) == (action, None)
    assert warnings == (f"<nextactionitem> is ignored with <nextaction> {action}",)


def test_whispers_count_only_with_their_screen_method() -> None:
    both = "<whisper_phrase>psst</whisper_phrase><whisper_audio>a.wav</whisper_audio>"
    action, warnings = findme(both)
    assert (action.whisper_phrase, action.whisper_audio) == ("", "")
    assert warnings == (
        "<whisper_phrase> is ignored with <screen_method> 0",
        "<whisper_audio> is ignored with <screen_method> 0",
    )
    action, warnings = findme(f"<screen_method>2</screen_method>{both}")
    assert (action.whisper_phrase, action.whisper_audio) == ("", "a.wav")
    action, warnings = findme("<screen_method>1</screen_method>")
    assert action.screen_method is ScreenMethod.WHISPER_PHRASE
    assert warnings == ("<screen_method> is 1, but there is no <whisper_phrase>",)


def test_a_stored_findme_keeps_what_the_reply_does_not_name() -> None:
    stored = FindMe(block_id=9, phones=("101",), simultaneous=5, timeout=45, record=True)
    for parameters, wanted in (
        ("", {}),
        ("<timeout>20</timeout>", {"timeout": 20}),
        ("<record>0</record>", {"record": False}),
        ("<whisper_phrase>psst</whisper_phrase>", {"whisper_phrase": "psst"}),
    ):
        action = reply("findme", f"<id>9</id>{parameters}").action
        assert isinstance(action, RunFindMe)
        assert (action.given, action.over(stored)) == (wanted, replace(stored, **wanted))


def test_an_item_without_a_next_action_is_ignored_with_a_warning() -> None:
    action, warnings = findme("<nextactionitem>55</nextactionitem>")
    assert action == DYNAMIC
    assert warnings == ("<nextactionitem> is ignored without <nextaction>",)
