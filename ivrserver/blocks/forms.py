"""How a frozen value and its YAML form turn into each other; what all forms share.

A `Form` is a pydantic model with the same field names as the value that it makes (but for the ids,
which are plain ``id`` in YAML). Reading, writing, the JSON Schema and the reference page all come
from the forms, so they are the one place that knows the fields of a flow file.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A mapping in a flow file."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True
    )


class Form(Model):
    """The YAML form of one value; `makes` is the value's class."""

    makes: ClassVar[type[Any]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Remember which form belongs to which value."""
        super().__pydantic_init_subclass__(**kwargs)
        if "makes" in vars(cls):
            _FORMS[cls.makes] = cls

    def value(self) -> Any:
        """The value, of class `makes`."""
        return self.makes(**self.parts())

    @classmethod
    def of(cls, value: Any) -> Self:
        """The form of a value of class `makes`.

        Raises:
            pydantic.ValidationError: the value is not one that a flow file could hold.
        """
        return cls.model_validate(cls.parts_of(value))

    def parts(self) -> dict[str, Any]:
        """The value's fields."""
        return {name: _value(getattr(self, name)) for name in _names(self.makes)}

    @classmethod
    def parts_of(cls, value: Any) -> dict[str, Any]:
        """The form's fields."""
        return {name: _form(getattr(value, name)) for name in _names(type(value))}

    def tree(self) -> dict[str, Any]:
        """Dicts, lists and scalars as YAML and JSON hold them, defaults left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def form_of(value: Any) -> Form:
    """The form of a value whose class has one.

    Raises:
        pydantic.ValidationError: the value is not one that a flow file could hold.
    """
    return _FORMS[type(value)].of(value)


_FORMS: dict[type[Any], type[Form]] = {}


def _names(value_class: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(value_class)]


def _value(content: Any) -> Any:
    match content:
        case Form():
            return content.value()
        case tuple():
            return tuple(_value(item) for item in content)
        case _:
            return content


def _form(content: Any) -> Any:
    if isinstance(content, tuple):
        return tuple(_form(item) for item in content)
    form = _FORMS.get(type(content))
    return form.of(content) if form else content


def or_text(schema: dict[str, Any]) -> None:
    """Change the JSON Schema of a mapping that a plain text may stand for."""
    mapping = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string"}, mapping]
