"""The YAML form of an account: numbers, audio library, blocks, and the JSON Schema of it all."""

from __future__ import annotations

import json
from enum import IntEnum
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, model_serializer, model_validator
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python
from pydantic_core.core_schema import SerializerFunctionWrapHandler

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.destinations import HangUp, NextQuestion
from ivrserver.blocks.findme_forms import FindMeForm, Then, write_next_action
from ivrserver.blocks.forms import Form, or_text
from ivrserver.blocks.ivr_forms import IvrForm
from ivrserver.blocks.model import Account, AudioFile, Block, PhoneNumber
from ivrserver.blocks.places import (
    DestinationField,
    write_destination,
    write_prompt,
    write_step,
)
from ivrserver.blocks.questions import Prompt
from ivrserver.blocks.receptionist_forms import ReceptionistForm
from ivrserver.blocks.voicemail_forms import VoicemailForm


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


AnyBlockForm = Annotated[
    IvrForm | FindMeForm | ReceptionistForm | VoicemailForm, Field(discriminator="kind")
]
_BLOCK: TypeAdapter[BlockForm] = TypeAdapter(AnyBlockForm)


def block_of(definition: Any) -> Block:
    """The block of a mapping as a flow file or the database has it.

    Raises:
        pydantic.ValidationError: it is no block.
    """
    block: Block = _BLOCK.validate_python(definition).value()
    return block


class AccountForm(Form):
    """A flow file: numbers that callers dial, audio files, and blocks that calls run through."""

    makes = Account
    model_config = ConfigDict(title="ivrserver flow file")
    numbers: tuple[NumberForm, ...] = Field((), description="numbers that callers dial")
    audio: tuple[AudioForm, ...] = Field((), description="audio files that prompts may name")
    blocks: tuple[AnyBlockForm, ...] = Field((), description="what calls run through")

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
        case Then():
            return write_next_action(default)
        case IntEnum():
            return default.name.lower()
        case _:
            return to_jsonable_python(default)


def json_schema_text() -> str:
    """The JSON Schema of a flow file, as ``docs/reference/flow.schema.json`` holds it."""
    schema = AccountForm.model_json_schema(by_alias=True, schema_generator=FlowSchema)
    schema["$schema"] = FlowSchema.schema_dialect
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
