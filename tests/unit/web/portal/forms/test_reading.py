"""What a browser's form holds becomes what a flow file would hold, or says what is wrong where."""

from __future__ import annotations

from typing import Any

import pytest

from ivrserver.blocks import (
    Choice,
    ChoiceKey,
    Digits,
    GoToBlock,
    GoToQuestion,
    HangUp,
    Prompt,
    Receptionist,
    Record,
    ToBlock,
    ToMailbox,
    ToNumber,
    Webhook,
    WebhookMethod,
    WebhookMode,
    WebhookParameter,
)
from ivrserver.blocks.findme_forms import FindMeForm
from ivrserver.blocks.ivr_forms import IvrForm, WebhookForm
from ivrserver.blocks.question_forms import ChoiceForm, DigitsForm, RecordForm
from ivrserver.blocks.receptionist_forms import ReceptionistForm
from ivrserver.web.portal.forms import FormView, checked, read

CHOICE = {"type": "choice", "id": 2}


def choice(**fields: str) -> dict[str, str]:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return {"name": "Score", "prompt.kind": "text", "prompt.text": "Well?"} | named


def test_a_question_is_read_with_its_keys_in_the_order_of_their_rows() -> None:
    fields = choice(
        keys__10__key="1", keys__10__label=" yes ", keys__10__then="next",
        keys__9__key="2", keys__9__label="no", keys__9__then="block:7",
        barge_in="1", timeout="4.5", no_input__tries="2", no_input__then="question:5",
    )  # fmt: skip
    made = checked(ChoiceForm, read(fields, ChoiceForm, CHOICE))
    assert not made.mistakes
    question = made.value
    assert isinstance(question, Choice)
    assert question.keys == (ChoiceKey("1", "yes"), ChoiceKey("2", "no", GoToBlock(7)))
    assert (question.barge_in, question.sensitive, question.timeout) == (True, False, 4.5)
    assert (question.no_input.tries, question.no_input.then) == (2, GoToQuestion(5))
    assert question.invalid.tries == 3, "what was not asked is as it is by default"


@pytest.mark.parametrize(
    ("fields", "prompt"),
    [
        ({"prompt.text": "Line one\nline two"}, Prompt("Line one\nline two")),
        ({"prompt.kind": "audio", "prompt.text": "old", "prompt.audio": "a.wav"},
         Prompt(audio="a.wav")),
        ({"prompt.kind": "text", "prompt.text": "new", "prompt.audio": "a.wav"}, Prompt("new")),
        ({}, Prompt()),
    ],
)  # fmt: skip
def test_a_prompt_is_what_its_switch_says(fields: dict[str, str], prompt: Prompt) -> None:
    made = checked(
        RecordForm, read({"name": "R"} | fields, RecordForm, {"type": "record", "id": 1})
    )
    assert isinstance(made.value, Record)
    assert made.value.prompt == prompt


@pytest.mark.parametrize(
    ("chosen", "destination"),
    [
        ("hangup", HangUp()), ("block:101", ToBlock(101)), ("mailbox:9", ToMailbox(9)),
        ("number", ToNumber("2125550123")), ("", None),
    ],
)  # fmt: skip
def test_a_place_is_chosen_from_a_menu_and_a_number_typed(chosen: str, destination: Any) -> None:
    fields = {"name": "I", "backup_routing": chosen, "backup_routing.number": "2125550123"}
    known = {"kind": "ivr", "id": 1, "questions": []}
    made = checked(IvrForm, read(fields, IvrForm, known, leave=["webhook"]))
    assert not made.mistakes
    assert made.value.backup_routing == destination


def test_answers_that_count_are_one_a_line() -> None:
    fields = {"name": "N", "valid": "11\n\n 12 ", "min_digits": "2", "max_digits": "2"}
    made = checked(DigitsForm, read(fields, DigitsForm, {"type": "digits", "id": 1}))
    assert isinstance(made.value, Digits)
    assert made.value.valid == ("11", "12")


def test_an_emptied_number_is_its_default_and_an_emptied_text_is_empty() -> None:
    fields = {"name": "N", "min_digits": "", "max_digits": "", "terminator": ""}
    made = checked(DigitsForm, read(fields, DigitsForm, {"type": "digits", "id": 1}))
    assert (made.value.min_digits, made.value.terminator) == (1, "#")


def test_a_webhooks_parameters_are_rows_of_name_and_question() -> None:
    fields = {
        "mode": "next_action", "method": "GET", "url": "https://example.com/x?a=1",
        "parameters.0.key": "qos", "parameters.0.value": "2",
        "parameters.1.key": "zip", "parameters.1.value": "1",
        "include_sourcetrak": "1",
    }  # fmt: skip
    made = checked(WebhookForm, read(fields, WebhookForm, leave=["secret"]))
    assert made.value == Webhook(
        mode=WebhookMode.NEXT_ACTION,
        method=WebhookMethod.GET,
        url="https://example.com/x?a=1",
        parameters=(WebhookParameter("qos", 2), WebhookParameter("zip", 1)),
        include_sourcetrak=True,
    )


def test_a_receptionists_keys_lead_to_places() -> None:
    fields = {
        "name": "R", "menu.prompt.text": "Press.", "menu.keys.0.key": "1",
        "menu.keys.0.value": "block:5", "menu.keys.1.key": "2", "menu.keys.1.value": "number",
        "menu.keys.1.value.number": "desk",
    }  # fmt: skip
    known = {"kind": "receptionist", "id": 1}
    made = checked(
        ReceptionistForm,
        read(fields, ReceptionistForm, known, leave=["schedule", "closed", "holiday"]),
    )
    assert isinstance(made.value, Receptionist)
    assert dict(made.value.menu.keys) == {"1": ToBlock(5), "2": ToNumber("desk")}


def test_what_is_wrong_is_told_beside_the_field_that_was_typed() -> None:
    fields = choice(
        keys__3__key="1", keys__5__key="1", keys__7__key="Z", keys__7__then="block:x",
        timeout="soon", no_input__tries="99",
    )  # fmt: skip
    typed = read(fields, ChoiceForm, CHOICE)
    made = checked(ChoiceForm, typed)
    assert made.value is None
    view = FormView(ChoiceForm, typed, made.mistakes)
    assert view.error("keys.1.key") == "1 is there twice."
    assert view.error("keys.2.key").startswith("Must be one key")
    assert view.error("keys.2.then").startswith("An id must be")
    assert view.error("timeout") == "Must be a number."
    assert view.error("no_input.tries") == "Must be at most 20."
    assert view.error("name") == ""
    assert (view.value("timeout"), view.value("keys.2.key")) == ("soon", "Z"), "nothing is lost"


def test_what_is_wrong_with_all_of_it_has_no_field() -> None:
    fields = {"name": "N", "min_digits": "4", "max_digits": "2"}
    typed = read(fields, DigitsForm, {"type": "digits", "id": 1})
    (mistake,) = FormView(DigitsForm, typed, checked(DigitsForm, typed).mistakes).summary
    assert mistake[:2] == ("", "")
    assert "min_digits (4) is more than max_digits (2)" in mistake[2]


def test_rows_of_hours_are_read_with_what_is_wrong_at_their_row() -> None:
    row = {"days.0": "mon", "days.4": "fri", "open": "09:00", "close": "17:00"}
    fields = {f"schedule.hours.3.{name}": text for name, text in row.items()}
    holiday = {"name": "New Year", "date": "2030-01-01", "until": "", "yearly": "1"}
    fields |= {f"schedule.holidays.0.{name}": text for name, text in holiday.items()}
    fields |= {"name": "Team", "phones.2": "desk", "phones.0": "lobby"}
    made = checked(FindMeForm, read(fields, FindMeForm, {"kind": "findme", "id": 7}))
    assert not made.mistakes
    assert made.value.phones == ("desk", "lobby"), "in the order of the page"
    assert made.value.schedule.hours[0].days == ("mon", "fri")
    assert made.value.schedule.holidays[0].yearly
    fields["schedule.hours.3.close"] = "08:00"
    wrong = checked(FindMeForm, read(fields, FindMeForm, {"kind": "findme", "id": 7})).mistakes
    assert [where for where, _ in wrong.found] == ["schedule.hours.0"]


@pytest.mark.parametrize(
    ("fields", "closed"),
    [
        ({}, None),
        ({"closed.kind": ""}, None),
        ({"closed.kind": "place", "closed": "block:7"}, ToBlock(7)),
        ({"closed.kind": "place", "closed": "number", "closed.number": "desk"}, ToNumber("desk")),
    ],
)
def test_a_receptionist_leads_elsewhere_when_it_is_closed(
    fields: dict[str, str], closed: object
) -> None:
    known = {"kind": "receptionist", "id": 7, "name": "Desk", "menu": {"prompt": "1", "keys": []}}
    menu = {"prompt": "Press 1.", "keys": [{"key": "1", "value": "hangup"}]}
    made = checked(ReceptionistForm, read(fields, ReceptionistForm, known | {"menu": menu}))
    assert not made.mistakes
    assert made.value.closed == closed


def test_a_receptionist_offers_another_menu_when_it_is_closed() -> None:
    menu = {"prompt": "Press 1.", "keys": [{"key": "1", "value": "hangup"}]}
    known = {"kind": "receptionist", "id": 7, "name": "Desk", "menu": menu}
    fields = {
        "closed.kind": "menu", "closed.prompt.kind": "text", "closed.prompt.text": "Closed.",
        "closed.keys.4.key": "2", "closed.keys.4.value": "block:8",
    }  # fmt: skip
    made = checked(ReceptionistForm, read(fields, ReceptionistForm, known))
    assert not made.mistakes
    assert made.value.closed.keys == {"2": ToBlock(8)}
    fields["closed.keys.4.key"] = "x"
    wrong = checked(ReceptionistForm, read(fields, ReceptionistForm, known)).mistakes
    assert wrong.at("closed.keys.0")
    view = FormView.of(ReceptionistForm, made.value)
    assert view.place("closed") == ("", "")
    assert view.value("closed.keys.0.key") == "2"
