"""A form as a template sees it: what each field holds, what is wrong with it, what it is for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from ivrserver.blocks.forms import Model, form_of
from ivrserver.web.portal.forms.shapes import Shape, fields_of, is_form, shaped

_FORMS = (Shape.PART, Shape.EITHER)
_STEPS = re.compile(r"[^.\[\]]+")


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What is wrong with a form, each with the field that it is about; an empty name: the whole."""

    found: Sequence[tuple[str, str]] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.found)

    def at(self, name: str) -> str:
        """What is wrong with a field or a part of what it holds; empty: nothing."""
        for where, text in self.found:
            if where == name or where.startswith((f"{name}.", f"{name}[")):
                return text
        return ""

    def below(self, start: str) -> Mistakes:
        """Those of one part, their names as that part has them."""
        return Mistakes(
            [(where.removeprefix(start).lstrip("."), text) for where, text in self.found
             if where.startswith(start)]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FormView:
    """What templates draw.

    Attributes:
        form: whose fields these are.
        typed: what they hold, mappings as rows.
        mistakes: what is wrong.
        prefix: of element ids: several forms may be on one page.
        sent: it has been sent and is not saved; else what is wrong is wrong as it is stored.
    """

    form: type[Model]
    typed: Mapping[str, Any]
    mistakes: Mistakes = field(default_factory=Mistakes)
    prefix: str = "field-"
    sent: bool = True

    @classmethod
    def of(
        cls,
        form: type[Model],
        item: Any,
        prefix: str = "field-",
        problems: Sequence[tuple[str, str]] = (),
    ) -> FormView:
        """The form of what is stored.

        Args:
            form: that of `item`.
            item: a block or question.
            problems: what is wrong with it as it is.
        """
        tree = form_of(item).model_dump(mode="json", by_alias=True)
        return cls(form, rows_of(form, tree), Mistakes(problems), prefix, sent=False)

    @classmethod
    def new(cls, form: type[Model], known: Mapping[str, Any], prefix: str = "field-") -> FormView:
        """The form of something new: defaults, and what is known."""
        defaults = form.model_construct().model_dump(mode="json", by_alias=True)
        return cls(form, rows_of(form, defaults | dict(known)), prefix=prefix)

    def id(self, name: str) -> str:
        """Of the field's element."""
        return self.prefix + name.replace(".", "-")

    def value(self, name: str) -> Any:
        """What it holds; an empty text: nothing."""
        found: Any = self.typed
        for step in name.split("."):
            if isinstance(found, Mapping):
                found = found.get(step)
            elif isinstance(found, Sequence) and not isinstance(found, str) and step.isdecimal():
                found = found[int(step)] if int(step) < len(found) else None
            else:
                found = None
        return "" if found is None else found

    def error(self, name: str) -> str:
        """What is wrong with it, as a sentence; empty: nothing."""
        return sentence(self.mistakes.at(name))

    def own_error(self, name: str) -> str:
        """What is wrong with it as a whole, not with a part of it."""
        return sentence(dict(reversed(self.mistakes.found)).get(name, ""))

    def place(self, name: str) -> tuple[str, str]:
        """A place as its menu names it, such as ``block:101``; and a telephone number, if it is."""
        match self.value(name):
            case {"number": number}:
                return "number", str(number)
            case dict() as chosen if len(chosen) == 1:
                kind, target = next(iter(chosen.items()))
                return f"{kind}:{target}", ""
            case dict():
                return "", ""
            case word:
                return str(word), ""

    def prompt(self, name: str) -> tuple[str, str]:
        """The text and the audio file of a prompt; one of them is empty."""
        match self.value(name):
            case {"audio": audio}:
                return "", str(audio)
            case text:
                return str(text), ""

    def hint(self, name: str) -> str:
        """What it is for, as flow files describe it."""
        found = self.about(name)
        return sentence(found.description or "") if found else ""

    def limits(self, name: str) -> dict[str, Any]:
        """The attributes of an input for a number: ``min``, ``max``, ``step``."""
        found = self.about(name)
        limits: dict[str, Any] = {}
        for rule in found.metadata if found else ():
            match rule:
                case Ge(ge=low):
                    limits["min"] = low
                case Gt(gt=low):
                    limits["min"] = low
                case Le(le=high) | Lt(lt=high):
                    limits["max"] = high
        if found is not None and found.annotation is float:
            limits |= {"step": "any"}
        return limits

    def about(self, name: str) -> FieldInfo | None:
        """The field of that name; None: rows have a key, and values, that are no fields."""
        form: type[Model] | None = self.form
        found = None
        for step in name.split("."):
            if step.isdecimal():
                continue
            found = fields_of(form).get(step) if form else None
            form = shaped(found.annotation).form if found else None
        return found

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """Each mistake: the id of its field's element, its name for people, and what to do."""
        return [
            (self._anchor(where), _words(where), sentence(text))
            for where, text in self.mistakes.found
        ]

    def _anchor(self, where: str) -> str:
        """The id of the innermost field of the page that holds what is wrong."""
        return self.id(where.partition("[")[0]) if where else ""


def rows_of(form: type[Model], tree: Mapping[str, Any]) -> dict[str, Any]:
    """The tree of a flow file with its mappings as rows."""
    found: dict[str, Any] = {}
    kinds = {name: shaped(each.annotation) for name, each in fields_of(form).items()}
    for name, content in tree.items():
        kind = kinds.get(name)
        if kind is None or content is None or (kind.shape is Shape.EITHER and not is_form(content)):
            found[name] = content
        elif kind.shape in _FORMS and kind.form and isinstance(content, Mapping):
            found[name] = rows_of(kind.form, content)
        elif kind.shape is Shape.TABLE and isinstance(content, Mapping):
            found[name] = [_row(key, value, kind.form) for key, value in content.items()]
        elif kind.shape is Shape.ROWS and kind.form:
            found[name] = [rows_of(kind.form, each) for each in content]
        else:
            found[name] = content
    return found


def sentence(text: str) -> str:
    """With a capital, unless a field's name comes first, and a full stop."""
    if not text:
        return ""
    begin = text[0] if "_" in text.split(maxsplit=1)[0] else text[0].upper()
    return begin + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _row(key: str, content: Any, form: type[Model] | None) -> dict[str, Any]:
    if form is None:
        return {"key": key, "value": content}
    made = form.model_validate(content)  # a plain text may stand for it: it knows for what
    return {"key": key} | {
        name: _dumped(each, getattr(made, name)) for name, each in form.model_fields.items()
    }


def _dumped(about: FieldInfo, content: Any) -> Any:
    """As a flow file has it, but never by a short form of the whole."""
    annotated: Any = Annotated[about.annotation, *about.metadata]
    return TypeAdapter(annotated).dump_python(content, mode="json")


def _words(where: str) -> str:
    """A field's name for people: ``no_input.tries`` as ``no input, tries``."""
    steps = [step for step in _STEPS.findall(where) if not step.isdecimal()]
    return ", ".join(step.replace("_", " ") for step in steps).capitalize()
