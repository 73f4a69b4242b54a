"""The types of question, as people see them, and where their steps lead in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from ivrserver.blocks import (
    Account,
    Choice,
    Digits,
    EndIvr,
    GoToBlock,
    GoToQuestion,
    Ivr,
    Message,
    NextQuestion,
    Question,
    Record,
    Step,
    ToBlock,
    Transfer,
    YesNo,
)
from ivrserver.blocks.question_forms import (
    ChoiceForm,
    DigitsForm,
    MessageForm,
    QuestionForm,
    RecordForm,
    TransferForm,
    YesNoForm,
)
from ivrserver.web.portal.places import Leads, leads


@dataclass(frozen=True, slots=True)
class QuestionType:
    """One of them.

    Attributes:
        word: as flow files call it.
        about: what it is for, in a line.
    """

    word: str
    value: type[Question]
    form: type[QuestionForm]
    title: str
    icon: str
    about: str


TYPES: Final = (
    QuestionType("message", Message, MessageForm, "Message", "megaphone",
                 "Plays something and asks nothing."),
    QuestionType("choice", Choice, ChoiceForm, "Choice", "list-checks",
                 "One key out of a few; each may lead elsewhere."),
    QuestionType("digits", Digits, DigitsForm, "Digits", "hash",
                 "A number that is typed, such as a customer number."),
    QuestionType("yes_no", YesNo, YesNoForm, "Yes or no", "check-check", "1 for yes, 2 for no."),
    QuestionType("record", Record, RecordForm, "Recording", "mic", "The caller says something."),
    QuestionType("transfer", Transfer, TransferForm, "Transfer", "phone-forwarded",
                 "Connects the caller to somebody; afterwards the IVR goes on."),
)  # fmt: skip
BY_WORD: Final = {each.word: each for each in TYPES}


def type_of(question: Question) -> QuestionType:
    """The type of a question."""
    return next(each for each in TYPES if isinstance(question, each.value))


def step_leads(step: Step, ivr: Ivr, account: Account) -> Leads:
    """Where a question's step leads."""
    match step:
        case NextQuestion():
            return Leads("next question", usual=True)
        case EndIvr():
            return Leads("end of the IVR")
        case GoToQuestion(question_id):
            at = ivr.index_of(question_id)
            if at is None:
                return Leads(f"question {question_id}, which is not there", missing=True)
            return Leads(f"{at + 1}. {ivr.questions[at].name}", page=f"#question-{question_id}")
        case GoToBlock(block_id):
            return leads(ToBlock(block_id), account)
        case _:
            assert_never(step)
