"""Which kind of thing a field of a flow file's form holds, so that pages can offer it."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from ivrserver.blocks.destinations import Destination, Step
from ivrserver.blocks.findme_forms import Then
from ivrserver.blocks.forms import Model
from ivrserver.blocks.questions import Prompt


class Shape(Enum):
    """How it is edited.

    TEXT: what is typed or chosen, one value. FLAG: a check box. PLACE: where a call goes.
    PROMPT: a text or an audio file. PART: a form of its own. ROWS: forms, one after the other.
    EITHER: a form of its own or a place. TABLE: a mapping, each entry a row with its ``key``.
    LINES: texts, one a line.
    """

    TEXT = "text"
    FLAG = "flag"
    PLACE = "place"
    PROMPT = "prompt"
    PART = "part"
    EITHER = "either"
    ROWS = "rows"
    TABLE = "table"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Shaped:
    """A field as it is edited.

    Attributes:
        form: of a PART or EITHER, or of each row of ROWS and TABLE; None: a row is one value.
        of: what each row is that is one value.
    """

    shape: Shape
    form: type[Model] | None = None
    of: Shape = Shape.TEXT


def shaped(annotation: Any) -> Shaped:
    """The shape of a field by its annotation."""
    plain = _plain(annotation)
    if plain is bool:
        return Shaped(Shape.FLAG)
    if plain in (Destination, Step, Then):
        return Shaped(Shape.PLACE)
    if plain is Prompt:
        return Shaped(Shape.PROMPT)
    if isinstance(plain, type) and issubclass(plain, Model):
        return Shaped(Shape.PART, plain)
    if (either := _form_or_place(plain)) is not None:
        return Shaped(Shape.EITHER, either)
    match get_origin(plain), get_args(plain):
        case origin, (_, content) if origin is dict:
            inner = shaped(content)
            return Shaped(Shape.TABLE, inner.form, inner.shape)
        case origin, (content, *_) if origin is tuple:
            inner = shaped(content)
            return Shaped(Shape.ROWS if inner.form else Shape.LINES, inner.form, inner.shape)
    return Shaped(Shape.TEXT)


def fields_of(form: type[Model]) -> dict[str, FieldInfo]:
    """The fields of a form, called as flow files call them."""
    return {field.alias or name: field for name, field in form.model_fields.items()}


def is_form(content: Any) -> bool:
    """Whether what an EITHER holds is its form: a place has one entry at most."""
    return isinstance(content, Mapping) and len(content) > 1


def _form_or_place(plain: Any) -> type[Model] | None:
    """The form of what may be a place instead; None: it is no such thing."""
    if get_origin(plain) not in (Union, types.UnionType):
        return None
    kinds = [shaped(each) for each in get_args(plain) if each is not type(None)]
    forms = [each.form for each in kinds if each.shape is Shape.PART]
    return forms[0] if {each.shape for each in kinds} == {Shape.PART, Shape.PLACE} else None


def _plain(annotation: Any) -> Any:
    """Without what pydantic is told besides, and without None."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        kept = [each for each in get_args(annotation) if each is not type(None)]
        if len(kept) == 1:
            return _plain(kept[0])
    if get_origin(annotation) is Literal:
        return str
    return annotation
