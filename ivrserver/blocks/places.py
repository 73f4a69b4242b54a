"""Prompts, steps and destinations in a flow file: short forms in, values out, and back.

======================  ==========================================================
prompt                  ``"text"`` or ``{audio: NAME}``
step                    ``next``, ``end``, ``{question: ID}``, ``{block: ID}``
destination             ``hangup``, ``{block: ID}``, ``{number: "2125550123"}``,
                        ``{mailbox: ID}``
======================  ==========================================================
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, TypeAdapter, ValidationError, WithJsonSchema

from ivrserver.blocks.destinations import (
    Destination,
    EndIvr,
    GoToBlock,
    GoToQuestion,
    HangUp,
    NextQuestion,
    Step,
    ToBlock,
    ToMailbox,
    ToNumber,
)
from ivrserver.blocks.fields import MAX_ID, Called, one_line, printable
from ivrserver.blocks.questions import Prompt

MAX_PROMPT = 10_000
_CALLED: TypeAdapter[str] = TypeAdapter(Called)


def single(raw: Any) -> tuple[str, Any]:
    """The only entry of a mapping, else an empty name."""
    if isinstance(raw, dict) and len(raw) == 1:
        return next(iter(raw.items()))
    return "", None


def read_id(raw: Any) -> int:
    """A block's or question's id; ValueError if it is none."""
    try:
        number = int(raw)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= MAX_ID:
        raise ValueError(f"an id must be a whole number from 1 to {MAX_ID:,}")
    return number


def _read_prompt(raw: Any) -> Prompt:
    match raw:
        case Prompt():
            prompt = raw
        case str():
            prompt = Prompt(text=raw)
        case _:
            name, audio = single(raw)
            if name != "audio" or not isinstance(audio, str) or not audio:
                raise ValueError('must be a text, or {audio: NAME} for a file of "audio"')
            prompt = Prompt(audio=audio)
    if len(prompt.text) > MAX_PROMPT:
        raise ValueError(f"must be at most {MAX_PROMPT:,} characters (has {len(prompt.text):,})")
    printable(prompt.text, also="\n\t")
    one_line(prompt.audio)
    return prompt


def write_prompt(prompt: Prompt) -> str | dict[str, str]:
    """The short form of a prompt."""
    return {"audio": prompt.audio} if prompt.audio else prompt.text


def _read_step(raw: Any) -> Step:
    match raw, single(raw):
        case ((NextQuestion() | GoToQuestion() | GoToBlock() | EndIvr()), _):
            return raw
        case "next", _:
            return NextQuestion()
        case "end", _:
            return EndIvr()
        case _, ("question", question):
            return GoToQuestion(read_id(question))
        case _, ("block", block):
            return GoToBlock(read_id(block))
    raise ValueError("must be next, end, {question: ID} or {block: ID}")


def write_step(step: Step) -> str | dict[str, int]:
    """The short form of a step."""
    match step:
        case NextQuestion():
            return "next"
        case EndIvr():
            return "end"
        case GoToQuestion(question_id):
            return {"question": question_id}
        case GoToBlock(block_id):
            return {"block": block_id}


def _read_destination(raw: Any) -> Destination:
    match raw, single(raw):
        case ((HangUp() | ToBlock() | ToNumber() | ToMailbox()), _):
            return raw
        case "hangup", _:
            return HangUp()
        case _, ("block", block):
            return ToBlock(read_id(block))
        case _, ("number", str() as number):
            return ToNumber(_called(number))
        case _, ("mailbox", block):
            return ToMailbox(read_id(block))
    raise ValueError('must be hangup, {block: ID}, {number: "2125550123"} or {mailbox: ID}')


def _called(number: str) -> str:
    try:
        return _CALLED.validate_python(number)
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["ctx"]["error"])) from None


def write_destination(destination: Destination) -> str | dict[str, Any]:
    """The short form of a destination."""
    match destination:
        case HangUp():
            return "hangup"
        case ToBlock(block_id):
            return {"block": block_id}
        case ToNumber(number):
            return {"number": number}
        case ToMailbox(block_id):
            return {"mailbox": block_id}


def one_of(words: list[str], **fields: dict[str, Any]) -> WithJsonSchema:
    """JSON Schema of: one of `words`, or a mapping with exactly one of `fields`."""
    mappings = [
        {
            "type": "object",
            "properties": {name: schema},
            "required": [name],
            "additionalProperties": False,
        }
        for name, schema in fields.items()
    ]
    return WithJsonSchema({"anyOf": [*([{"enum": words}] if words else []), *mappings]})


ID_SCHEMA = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
_PROMPT_SCHEMA = one_of([], audio={"type": "string", "minLength": 1}).json_schema or {}

PromptField = Annotated[
    Prompt,
    PlainValidator(_read_prompt),
    PlainSerializer(write_prompt),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "maxLength": MAX_PROMPT}, *_PROMPT_SCHEMA["anyOf"]]}
    ),
]
StepField = Annotated[
    Step,
    PlainValidator(_read_step),
    PlainSerializer(write_step),
    one_of(["next", "end"], question=ID_SCHEMA, block=ID_SCHEMA),
]
DestinationField = Annotated[
    Destination,
    PlainValidator(_read_destination),
    PlainSerializer(write_destination),
    one_of(["hangup"], block=ID_SCHEMA, number={"type": ["string", "integer"]}, mailbox=ID_SCHEMA),
]
