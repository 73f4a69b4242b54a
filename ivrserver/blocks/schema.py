"""The YAML form of an account: numbers, audio library, blocks, and the JSON Schema of it all."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_serializer, model_validator
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.destinations import HangUp, NextQuestion
from ivrserver.blocks.forms import Form, or_text
from ivrserver.blocks.model import Account, AudioFile, Ivr, PhoneNumber
from ivrserver.blocks.places import (
    DestinationField,
    write_destination,
    write_prompt,
    write_step,
)
from ivrserver.blocks.question_forms import AnyQuestionForm
from ivrserver.blocks.questions import Prompt
from ivrserver.blocks.webhook import Webhook, WebhookMethod, WebhookMode, WebhookParameter


class NumberForm(Form):
    """A number that callers dial."""

    makes = PhoneNumber
    number: kinds.DialledNumber = Field(description="as dialled: digits, or a name of letters")
    label: kinds.Line = Field("", description="sent to web servers as ivr_phone_label")
    destination: DestinationField = Field(description="where its calls go")


class AudioForm(Form):
    """One file of the audio library. A plain text stands for its path."""

    makes = AudioFile
    model_config = ConfigDict(json_schema_extra=or_text)
    path: kinds.RelativePath = Field(description="from the flow file's folder")
    name: kinds.Name = Field("", description="what prompts call it; default: the file's own name")

    @model_validator(mode="before")
    @classmethod
    def _name_is_the_files(cls, raw: Any) -> Any:
        given = {"path": raw} if isinstance(raw, str) else raw
        if isinstance(given, dict) and "name" not in given and isinstance(given.get("path"), str):
            return given | {"name": PurePosixPath(given["path"]).name}
        return given

    @model_serializer(mode="wrap")
    def _as_text(self, write: SerializerFunctionWrapHandler) -> Any:
        return self.path if self.name == PurePosixPath(self.path).name else write(self)


class WebhookForm(Form):
    """Where an IVR's results go, and what the reply may decide."""

    makes = Webhook
    mode: WebhookMode = Field(WebhookMode.NONE, description="what is done with the reply")
    method: WebhookMethod = Field(WebhookMethod.POST, description="how parameters travel")
    url: kinds.Url = Field("", description="the Target URL; its own query string is kept")
    fallback_url: kinds.Url = Field("", description="asked when the Target URL gave no reply")
    parameters: dict[kinds.ParameterName, kinds.Id] = Field(
        {}, description="parameter name: id of the question whose answer it carries"
    )
    include_sourcetrak: bool = Field(False, description="send every st_ parameter too")
    transcription_url: kinds.Url = Field("", description="receives finished transcriptions")
    secret: kinds.Secret = Field(
        "", description="signs each request; whsec_ and base64", repr=False
    )

    def parts(self) -> dict[str, Any]:
        """The value's fields."""
        pairs = tuple(WebhookParameter(name, number) for name, number in self.parameters.items())
        return super().parts() | {"parameters": pairs}

    @classmethod
    def parts_of(cls, value: Webhook) -> dict[str, Any]:
        """The form's fields; the parameters are a mapping there."""
        pairs = {parameter.name: parameter.question_id for parameter in value.parameters}
        return super().parts_of(value) | {"parameters": pairs}

    @model_validator(mode="after")
    def _has_somewhere_to_go(self) -> Self:
        if self.mode is not WebhookMode.NONE and not self.url:
            raise ValueError(f"mode {self.mode.value} needs a url; add it")
        if self.fallback_url and not self.url:
            raise ValueError("fallback_url needs a url; add it")
        return self


class IvrForm(Form):
    """An IVR: an ordered list of questions, and what happens when they have been asked."""

    makes = Ivr
    block_id: kinds.Id = Field(alias="id", description="unique among all blocks; sent as ivr_id")
    kind: Literal["ivr"] = Field(description="what the block is")
    name: kinds.Name = Field(description="for people")
    language: kinds.Language = Field("en-US", description="of its prompts, such as en-US")
    voice: kinds.Line = Field("", description="the speech engine's voice; empty: its own choice")
    questions: tuple[AnyQuestionForm, ...] = Field(
        max_length=1000, description="asked in this order"
    )
    webhook: WebhookForm = Field(WebhookForm(), description="where the results go")
    next_step: DestinationField = Field(
        HangUp(), description="where a completed call goes when no webhook decides"
    )
    backup_routing: DestinationField | None = Field(
        None, description="where a call goes when the webhook fails; none: an apology, then hang up"
    )

    @classmethod
    def parts_of(cls, value: Ivr) -> dict[str, Any]:
        """The form's fields."""
        return super().parts_of(value) | {"kind": "ivr"}


class AccountForm(Form):
    """A flow file: numbers that callers dial, audio files, and blocks that calls run through."""

    makes = Account
    model_config = ConfigDict(title="ivrserver flow file")
    numbers: tuple[NumberForm, ...] = Field((), description="numbers that callers dial")
    audio: tuple[AudioForm, ...] = Field((), description="audio files that prompts may name")
    blocks: tuple[IvrForm, ...] = Field((), description="what calls run through")

    @model_validator(mode="before")
    @classmethod
    def _has_something(cls, raw: Any) -> Any:
        if not raw:
            raise ValueError("is empty; a flow file has at least one of numbers, audio and blocks")
        return raw


class FlowSchema(GenerateJsonSchema):
    """Writes defaults as a flow file would, and no titles that only repeat a field's name."""

    def encode_default(self, dft: Any) -> Any:
        """The default as YAML has it."""
        return as_yaml(dft)

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No titles."""
        del schema
        return False


def as_yaml(default: Any) -> Any:
    """A field's default as YAML has it."""
    match default:
        case Form():
            return default.tree()
        case Prompt():
            return write_prompt(default)
        case NextQuestion():
            return write_step(default)
        case HangUp():
            return write_destination(default)
        case _:
            return to_jsonable_python(default)


def json_schema_text() -> str:
    """The JSON Schema of a flow file, as ``docs/reference/flow.schema.json`` holds it."""
    schema = AccountForm.model_json_schema(by_alias=True, schema_generator=FlowSchema)
    schema["$schema"] = FlowSchema.schema_dialect
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
