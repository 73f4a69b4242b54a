"""What a browser's form holds becomes the tree of a flow file, and that a value, or mistakes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from pydantic import ValidationError

from ivrserver.blocks.advice import problem_in
from ivrserver.blocks.forms import Model
from ivrserver.web.portal.forms.shapes import Shape, Shaped, fields_of, is_form, shaped
from ivrserver.web.portal.forms.view import Mistakes

Typed = dict[str, Any]
"""As a flow file spells it, but for mappings: they are lists of rows, each with its ``key``."""

NUMBER: Final = "number"
"""Chosen as a place: the telephone number that is typed beside it."""

_KEY: Final = "[key]"
"""What pydantic's locations end in where the key of a mapping is wrong."""

FORM: Final = "menu"
"""Chosen as the kind of what may be a form or a place: the form."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What has come of a form: `value`, or None and what is wrong."""

    value: Any
    mistakes: Mistakes


async def posted(request: Request) -> dict[str, str]:
    """The fields of a form that was sent; files are left out, line ends are one character."""
    form = await request.form()
    return {
        name: value.replace("\r\n", "\n")
        for name, value in form.multi_items()
        if isinstance(value, str)
    }


def read(
    fields: Mapping[str, str],
    form: type[Model],
    known: Mapping[str, Any] | None = None,
    *,
    leave: Collection[str] = (),
    prefix: str = "",
) -> Typed:
    """Read what was typed for `form`. Never fails: what is wrong is for `checked` to say.

    Args:
        fields: of the page, by name.
        known: what the page does not ask, such as ``kind`` and ``id``.
        leave: fields that the page does not have, as flow files call them.
        prefix: of the fields' names.
    """
    typed: Typed = dict(known or {})
    for name, field in fields_of(form).items():
        if name in typed or name in leave:
            continue
        found = _content(fields, f"{prefix}{name}", shaped(field.annotation))
        if found is not None:
            typed[name] = found
    return typed


def checked(form: type[Model], typed: Typed) -> Checked:
    """Make the value that was typed."""
    tree, names, mistakes = _as_in_files(form, typed)
    try:
        made: Any = form.model_validate(tree)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            field, text = problem_in(tree, detail)
            of = "key" if detail["loc"][-1:] == (_KEY,) else "value"
            mistakes.append((_named(field, names, of), text))
        return Checked(None, Mistakes(mistakes))
    if mistakes:
        return Checked(None, Mistakes(mistakes))
    return Checked(made.value() if hasattr(made, "value") else made, Mistakes())


def at_rows(form: type[Model], typed: Typed, problems: Sequence[tuple[str, str]]) -> Mistakes:
    """Problems that were found in what `checked` had made, each where it was typed."""
    _, names, _ = _as_in_files(form, typed)
    return Mistakes([(_named(field, names, "value"), text) for field, text in problems])


def _content(fields: Mapping[str, str], name: str, kind: Shaped) -> Any:
    """What was typed for one field; None: nothing, so that the default counts."""
    match kind.shape:
        case Shape.FLAG:
            return name in fields
        case Shape.PLACE:
            return _place(fields, name)
        case Shape.PROMPT:
            return _prompt(fields, name)
        case Shape.PART:
            assert kind.form  # noqa: S101 - for the type checker: a PART has one
            return read(fields, kind.form, prefix=f"{name}.")
        case Shape.EITHER:
            assert kind.form  # noqa: S101 - likewise
            if fields.get(f"{name}.kind") == FORM:
                return read(fields, kind.form, prefix=f"{name}.")
            return _place(fields, name) if f"{name}.kind" in fields else None
        case Shape.ROWS | Shape.TABLE:
            return [_row(fields, f"{name}.{at}.", kind) for at in _positions(fields, name)]
        case Shape.LINES:
            rows = [fields[f"{name}.{at}"] for at in _positions(fields, name)]
            lines = rows or fields.get(name, "").splitlines()
            return [line.strip() for line in lines if line.strip()]
        case Shape.TEXT:
            return fields.get(name, "").strip() or ("" if name in fields else None)


def _row(fields: Mapping[str, str], prefix: str, kind: Shaped) -> Typed:
    key = {"key": fields.get(f"{prefix}key", "").strip()} if kind.shape is Shape.TABLE else {}
    if kind.form is not None:
        return key | read(fields, kind.form, prefix=prefix)
    return key | {"value": _content(fields, f"{prefix}value", Shaped(kind.of))}


def _positions(fields: Mapping[str, str], name: str) -> list[str]:
    """The numbers of the rows in the order in which the page has them: rows can be moved."""
    begins = (each.removeprefix(f"{name}.") for each in fields if each.startswith(f"{name}."))
    parts = (each.partition(".")[0] for each in begins)
    return list(dict.fromkeys(part for part in parts if part.isdecimal()))


def _place(fields: Mapping[str, str], name: str) -> Any:
    """``block:101`` as ``{block: 101}``; a word as it is."""
    chosen = fields.get(name, "")
    if chosen == NUMBER:
        return {NUMBER: fields.get(f"{name}.{NUMBER}", "").strip()}
    kind, _, target = chosen.partition(":")
    return {kind: target} if target else chosen or None


def _prompt(fields: Mapping[str, str], name: str) -> Any:
    if fields.get(f"{name}.kind") == "audio":
        return {"audio": fields.get(f"{name}.audio", "")}
    return fields.get(f"{name}.text", "").strip()


def _as_in_files(
    form: type[Model], typed: Typed, path: str = "", here: str = ""
) -> tuple[dict[str, Any], dict[str, str], list[tuple[str, str]]]:
    """`typed` with its rows as mappings.

    Returns:
        The tree; the page's name of each row by that of the tree; keys that are there twice.
    """
    tree: dict[str, Any] = {}
    names: dict[str, str] = {}
    mistakes: list[tuple[str, str]] = []
    kinds = {name: shaped(field.annotation) for name, field in fields_of(form).items()}
    for name, content in typed.items():
        kind = kinds.get(name, Shaped(Shape.TEXT))
        place, shown = f"{path}{name}", f"{here}{name}"
        if kind.shape is Shape.EITHER and not is_form(content):
            tree[name] = content
        elif kind.shape in (Shape.PART, Shape.EITHER) and kind.form and isinstance(content, dict):
            below = _as_in_files(kind.form, content, f"{place}.", f"{shown}.")
            tree[name], more, wrong = below
            names |= more
            mistakes += wrong
        elif kind.shape is Shape.ROWS and kind.form and isinstance(content, list):
            tree[name] = []
            for at, row in enumerate(content):
                row_place, row_shown = f"{place}[{at}]", f"{shown}.{at}"
                below = _as_in_files(kind.form, row, f"{row_place}.", f"{row_shown}.")
                tree[name].append(below[0])
                names |= {row_place: row_shown, **below[1]}
                mistakes += below[2]
        elif kind.shape is Shape.TABLE and isinstance(content, list):
            tree[name], more, wrong = _table(content, place, shown)
            names |= more
            mistakes += wrong
        elif kind.shape is Shape.TEXT and content == "" and _has_default(form, name):
            continue  # an emptied number is its default
        else:
            tree[name] = content
    return tree, names, mistakes


def _has_default(form: type[Model], name: str) -> bool:
    field = fields_of(form).get(name)
    return field is not None and not field.is_required() and field.default != ""


def _table(
    rows: list[Typed], place: str, shown: str
) -> tuple[dict[str, Any], dict[str, str], list[tuple[str, str]]]:
    content: dict[str, Any] = {}
    names: dict[str, str] = {}
    mistakes: list[tuple[str, str]] = []
    for at, row in enumerate(rows):
        key = row["key"]
        if key in content:
            mistakes.append((f"{shown}.{at}.key", f"{key or 'an empty key'} is there twice"))
            continue
        names[f"{place}.{key}"] = f"{shown}.{at}"
        rest = {name: value for name, value in row.items() if name != "key"}
        content[key] = rest["value"] if rest.keys() == {"value"} else rest
    return content, names, mistakes


def _named(field: str, names: Mapping[str, str], of: str) -> str:
    """The page's name of what the tree calls `field`; `of` a row that is it: its key or value."""
    for place in sorted(names, key=len, reverse=True):
        if field == place:
            return names[place] if place.endswith("]") else f"{names[place]}.{of}"
        if field.startswith((f"{place}.", f"{place}[")):
            return names[place] + field.removeprefix(place)
    return field
