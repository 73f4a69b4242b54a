"""The YAML form of each question type."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import ConfigDict, Field, model_serializer, model_validator
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.forms import Form, Model, or_text
from ivrserver.blocks.places import PromptField, StepField
from ivrserver.blocks.questions import (
    NEXT,
    SILENCE,
    Choice,
    ChoiceKey,
    Digits,
    Message,
    Record,
    Retries,
    Transfer,
    YesNo,
)


class RetriesForm(Form):
    """What happens when a caller gives nothing, or something that does not count."""

    makes = Retries
    tries: int = Field(3, ge=1, le=20, description="how often the question is asked in all")
    prompt: PromptField = Field(SILENCE, description="said before the question is asked again")
    then: StepField = Field(NEXT, description="the step when the tries have run out")


class QuestionForm(Form):
    """What every question has."""

    question_id: kinds.Id = Field(alias="id", description="stable, and unique in its IVR")
    type: str = Field(description="what the question collects")
    name: kinds.Name = Field(description="for people, reports and the portal")
    prompt: PromptField = Field(SILENCE, description="what the caller hears")
    barge_in: bool = Field(True, description="a key stops the prompt, and counts")
    sensitive: bool = Field(False, description="the answer is never shown or logged in clear")
    then: StepField = Field(NEXT, description="the step after an answer")

    @classmethod
    def parts_of(cls, value: Any) -> dict[str, Any]:
        """The form's fields: in YAML the class is a word."""
        (word,) = get_args(cls.model_fields["type"].annotation)
        return super().parts_of(value) | {"type": word}


class KeyQuestionForm(QuestionForm):
    """What every question that waits for keys has."""

    timeout: kinds.Seconds = Field(
        5.0, gt=0, le=300, description="seconds to wait for the first key after the prompt"
    )
    type_ahead: bool = Field(False, description="keys typed before the question began count")
    no_input: RetriesForm = Field(RetriesForm(), description="when no key came in time")
    invalid: RetriesForm = Field(RetriesForm(), description="when the keys are no allowed answer")


class MessageForm(QuestionForm):
    """Plays its prompt and collects nothing."""

    makes = Message
    type: Literal["message"]


class DigitsForm(KeyQuestionForm):
    """Collects digits. An answer of fixed length ends at its last digit."""

    makes = Digits
    type: Literal["digits"]
    min_digits: int = Field(1, ge=1, le=64, description="fewest digits of an answer")
    max_digits: int = Field(1, ge=1, le=64, description="most digits of an answer")
    terminator: kinds.Terminator = Field("#", description='key that ends an answer; "": none')
    between: kinds.Seconds = Field(
        3.0, gt=0, le=60, description="seconds to wait for the next digit"
    )
    valid: tuple[kinds.Keys, ...] = Field((), description="the only answers that count")
    pattern: kinds.Pattern = Field(
        "", description="regular expression that the whole answer must match"
    )

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if self.min_digits > self.max_digits:
            raise ValueError(
                f"min_digits ({self.min_digits}) is more than max_digits ({self.max_digits}); "
                "change one of them"
            )
        for answer in self.valid:
            if not self.min_digits <= len(answer) <= self.max_digits:
                raise ValueError(
                    f"the valid answer {answer} does not have {self.min_digits} to "
                    f"{self.max_digits} digits; change it, min_digits or max_digits"
                )
            if self.terminator and self.terminator in answer:
                raise ValueError(
                    f"the valid answer {answer} holds the terminator; change one of them"
                )
        return self


class ChoiceKeyForm(Model):
    """One key of a choice. A plain text stands for its label."""

    model_config = ConfigDict(json_schema_extra=or_text)
    label: kinds.Line = Field("", description="for people and reports")
    then: StepField = Field(NEXT, description="the step after this key; next: the question's own")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: Any) -> Any:
        return {"label": raw} if isinstance(raw, str) else raw

    @model_serializer(mode="wrap")
    def _as_text(self, write: SerializerFunctionWrapHandler) -> Any:
        return self.label if self.then == NEXT else write(self)


class ChoiceForm(KeyQuestionForm):
    """Collects one key out of a set."""

    makes = Choice
    type: Literal["choice"]
    keys: dict[kinds.Key, ChoiceKeyForm] = Field(
        min_length=1, description="each key and what it means"
    )

    def parts(self) -> dict[str, Any]:
        """The value's fields; each key knows itself there."""
        keys = tuple(ChoiceKey(key, form.label, form.then) for key, form in self.keys.items())
        return super().parts() | {"keys": keys}

    @classmethod
    def parts_of(cls, value: Choice) -> dict[str, Any]:
        """The form's fields; the keys are a mapping there."""
        keys = {key.key: ChoiceKeyForm(label=key.label, then=key.then) for key in value.keys}
        return super().parts_of(value) | {"keys": keys}


class YesNoForm(KeyQuestionForm):
    """Collects 1 for yes or 2 for no."""

    makes = YesNo
    type: Literal["yes_no"]


class RecordForm(QuestionForm):
    """Records the caller."""

    makes = Record
    type: Literal["record"]
    max_seconds: int = Field(120, ge=1, le=3600, description="the longest recording")
    silence: int = Field(5, ge=0, le=60, description="seconds of silence that end it; 0: never")
    beep: bool = Field(True, description="a tone says when to speak")
    review: bool = Field(False, description="the caller may keep it, hear it or record it again")
    transcribe: bool = Field(False, description="it is to be transcribed in the background")
    no_input: RetriesForm = Field(RetriesForm(tries=1), description="when it is silent")


class TransferForm(QuestionForm):
    """Connects the caller to somebody; when the far end hangs up, the IVR goes on."""

    makes = Transfer
    type: Literal["transfer"]
    destination: kinds.Called = Field(
        description="phone number, phone by name or extension, or user by name; may hold an @name"
    )
    timeout: kinds.Seconds = Field(30.0, gt=0, le=300, description="seconds that it rings")
    record: bool = Field(True, description="record the call, after a warning to both parties")
    unanswered: StepField = Field(NEXT, description="the step when nobody was reached")


AnyQuestionForm = Annotated[
    MessageForm | DigitsForm | ChoiceForm | YesNoForm | RecordForm | TransferForm,
    Field(discriminator="type"),
]
