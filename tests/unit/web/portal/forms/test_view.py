"""Templates see what is stored and what was typed alike, with the words of flow files."""

from __future__ import annotations

from ivrserver.blocks import (
    Account,
    Choice,
    ChoiceKey,
    GoToBlock,
    Ivr,
    Message,
    Prompt,
    Retries,
    ToNumber,
    Voicemail,
)
from ivrserver.blocks.ivr_forms import IvrForm
from ivrserver.blocks.question_forms import ChoiceForm, DigitsForm
from ivrserver.web.portal.forms import Choices, FormView, Mistakes, checked

QUESTION = Choice(
    question_id=2,
    name="Score",
    prompt=Prompt(audio="well.wav"),
    no_input=Retries(2, Prompt("Again.")),
    keys=(ChoiceKey("1", "well"), ChoiceKey("2", "badly", GoToBlock(7))),
)


def test_what_is_stored_is_seen_and_comes_back_the_same() -> None:
    view = FormView.of(ChoiceForm, QUESTION)
    assert view.prompt("prompt") == ("", "well.wav")
    assert view.prompt("no_input.prompt") == ("Again.", "")
    assert view.place("keys.0.then") == ("next", "")
    assert view.place("keys.1.then") == ("block:7", "")
    assert view.value("keys.5.key") == ""
    assert checked(ChoiceForm, dict(view.typed)).value == QUESTION


def test_a_number_is_a_place_with_the_number_beside() -> None:
    ivr = Ivr(block_id=1, name="I", questions=(), next_step=ToNumber("2125550123"))
    assert FormView.of(IvrForm, ivr).place("next_step") == ("number", "2125550123")


def test_something_new_has_the_defaults() -> None:
    view = FormView.new(DigitsForm, {"type": "digits"})
    assert (view.value("max_digits"), view.value("barge_in"), view.value("name")) == (1, True, "")


def test_hints_and_limits_are_those_of_flow_files() -> None:
    view = FormView.of(ChoiceForm, QUESTION)
    assert view.hint("keys.0.label") == "For people and reports."
    assert view.limits("invalid.tries") == {"min": 1, "max": 20}
    assert view.limits("timeout") == {"min": 0, "max": 300, "step": "any"}
    assert view.limits("keys.0.key") == {}


def test_mistakes_of_a_part_are_told_as_the_part_has_them() -> None:
    mistakes = Mistakes([("questions[1].then.block", "x"), ("name", "y")])
    assert mistakes.below("questions[1]").found == [("then.block", "x")]
    assert mistakes.below("questions[1]").at("then") == "x"
    assert not mistakes.below("questions[0]")


def test_menus_offer_what_the_account_has() -> None:
    first, second = (Message(question_id=n, name=f"Q{n}", prompt=Prompt("x")) for n in (1, 2))
    ivr = Ivr(block_id=5, name="Survey", questions=(first, second))
    box = Voicemail(block_id=9, name="Office")
    choices = Choices(Account(blocks=(ivr, box)), {})
    assert choices.destinations() == [
        ("hangup", "Hang up"),
        ("IVRs", [("block:5", "Survey (5)")]),
        ("Voicemail boxes", [("block:9", "Office (9)")]),
        ("A telephone", [("number", "A phone number or phone…")]),
        ("Messages, for their owner", [("mailbox:9", "Messages of Office (9)")]),
    ]
    assert choices.steps(ivr, at=2) == [
        ("next", "Next question"),
        ("end", "End of the IVR"),
        ("Questions", [("question:1", "1. Q1"), ("question:2", "This question again")]),
        ("IVRs", [("block:5", "Survey (5)")]),
        ("Voicemail boxes", [("block:9", "Office (9)")]),
    ]
