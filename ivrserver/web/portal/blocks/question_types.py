"""The types of question, as people see them, and where their steps lead in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, assert_never

from ivrserver.blocks import (
    Account,
    Choice,
    Destination,
    Digits,
    EndIvr,
    GoToBlock,
    GoToQuestion,
    HangUp,
    Ivr,
    Message,
    NextQuestion,
    Question,
    Record,
    Step,
    ToBlock,
    ToMailbox,
    ToNumber,
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


@dataclass(frozen=True, slots=True)
class Words:
    """Where something leads: what people call it, and the address of its page; empty: none."""

    text: str
    page: str = ""
    usual: bool = False


def step_words(step: Step, ivr: Ivr, account: Account) -> Words:
    """Where a question's step leads; `usual`: simply on."""
    match step:
        case NextQuestion():
            return Words("next question", usual=True)
        case EndIvr():
            return Words("end of the IVR")
        case GoToQuestion(question_id):
            at = ivr.index_of(question_id)
            if at is None:
                return Words(f"question {question_id}, which is not there")
            return Words(f"{at + 1}. {ivr.questions[at].name}", f"#question-{question_id}")
        case GoToBlock(block_id):
            return _block(block_id, account)
        case _:
            assert_never(step)


def place_words(place: Destination | None, account: Account) -> Words:
    """Where a destination leads; None: nothing is chosen."""
    match place:
        case None:
            return Words("an apology is read, then the call ends")
        case HangUp():
            return Words("hang up")
        case ToNumber(number):
            return Words(f"transfer to {number}")
        case ToBlock(block_id):
            return _block(block_id, account)
        case ToMailbox(block_id):
            return Words(f"messages of {_block(block_id, account).text}", f"/blocks/{block_id}")
        case _:
            assert_never(place)


def _block(block_id: int, account: Account) -> Words:
    for block in account.blocks:
        if block.block_id == block_id:
            return Words(f"{block.name} ({block_id})", f"/blocks/{block_id}")
    return Words(f"block {block_id}, which is not there")
