"""Turns pydantic's errors about a flow file into problems that say what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.forms import Model
from ivrserver.blocks.ivr_forms import WebhookForm
from ivrserver.blocks.question_forms import AnyQuestionForm, ChoiceKeyForm, RetriesForm
from ivrserver.blocks.receptionist_forms import MenuForm
from ivrserver.blocks.schedule_forms import HolidayForm, HoursForm, ScheduleForm
from ivrserver.blocks.schema import AccountForm, AnyBlockForm, AudioForm, NumberForm
from ivrserver.blocks.yamltree import Document, Path, Problem, dotted

_QUESTIONS: Mapping[str, type[Model]] = {
    get_args(form.model_fields["type"].annotation)[0]: form
    for form in get_args(get_args(AnyQuestionForm)[0])
}
_BLOCKS: Mapping[str, type[BlockForm]] = {
    form.word(): form for form in get_args(get_args(AnyBlockForm)[0])
}
_FORMS_BELOW: Mapping[str, type[Model]] = {
    "numbers": NumberForm,
    "audio": AudioForm,
    "blocks": BlockForm,
    "webhook": WebhookForm,
    "no_input": RetriesForm,
    "invalid": RetriesForm,
    "keys": ChoiceKeyForm,
    "menu": MenuForm,
    "schedule": ScheduleForm,
    "hours": HoursForm,
    "holidays": HolidayForm,
    **_QUESTIONS,
    **_BLOCKS,
}
"""The form of what is found below each part of pydantic's location (a field, or a type's word)."""


def problems_of(document: Document, error: ValidationError) -> list[Problem]:
    """Every problem that pydantic found in `document`."""
    found = ((_field(document.tree, each), each) for each in error.errors(include_url=False))
    return [Problem(document.line_of(at), dotted(at), _advice(each)) for at, each in found]


def problem_in(tree: Any, detail: ErrorDetails) -> tuple[str, str]:
    """One problem that pydantic found in `tree`, a part of a flow file: its field, what to do."""
    field = dotted(_field(tree, detail)).removeprefix("file")
    return field, _advice(detail, _form_of(tree))


def _form_of(tree: Any) -> type[Model]:
    """The form that a part of a flow file is meant for."""
    if isinstance(tree, dict):
        for word in (str(tree.get("kind")), str(tree.get("type"))):
            if form := _BLOCKS.get(word) or _QUESTIONS.get(word):
                return form
    return NumberForm if isinstance(tree, dict) and "number" in tree else WebhookForm


def _field(tree: Any, detail: ErrorDetails) -> Path:
    path = _path(tree, detail["loc"])
    match detail["type"]:
        case "missing":
            return (*path, detail["loc"][-1])
        case "union_tag_not_found" | "union_tag_invalid":
            return (*path, _discriminator(detail))
        case _:
            return path


def _discriminator(detail: ErrorDetails) -> str:
    """The field that chooses among forms: ``kind`` or ``type``."""
    return str(detail["ctx"]["discriminator"]).strip("'")


def _path(tree: Any, location: Sequence[str | int]) -> Path:
    """The part of pydantic's location that is in the file: it also names types and validators."""
    path: list[str | int] = []
    for part in location:
        if isinstance(tree, dict) and part in tree:
            tree = tree[str(part)]
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _advice(detail: ErrorDetails, whole: type[Model] = AccountForm) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return "is missing; add it"
        case "extra_forbidden":
            return f"is not a field here; {_nearest_field(detail['loc'], whole)}"
        case "literal_error" | "enum" | "union_tag_invalid":
            expected = str(context.get("expected", context.get("expected_tags", "")))
            return _one_of(re.findall("'([^']*)'", expected), context.get("tag", detail["input"]))
        case "union_tag_not_found":
            words = _BLOCKS if _discriminator(detail) == "kind" else _QUESTIONS
            return "is missing; add one of " + ", ".join(words)
        case "greater_than":
            return f"must be more than {context['gt']:g}"
        case "greater_than_equal":
            return f"must be at least {context['ge']:,}"
        case "less_than_equal":
            return f"must be at most {context['le']:,}"
        case "too_short":
            return "must not be empty"
        case "too_long":
            return f"must have at most {context['max_length']:,} entries"
        case "value_error":
            return str(context["error"])
        case kind:
            return _BY_KIND.get(kind, detail["msg"])


_BY_KIND = {
    "string_type": "must be a text",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list, each entry after a dash",
    "dict_type": "must hold fields, each with a value",
    "model_type": "must hold fields, each with a value",
    "model_attributes_type": "must hold fields, each with a value",
}


def _nearest_field(location: Sequence[str | int], whole: type[Model]) -> str:
    """The field of `whole` or its part that was probably meant, else all there are."""
    owners = [_FORMS_BELOW[str(part)] for part in location[:-1] if part in _FORMS_BELOW]
    form = owners[-1] if owners else whole
    names = [field.alias or name for name, field in form.model_fields.items()]
    nearest = difflib.get_close_matches(str(location[-1]), names, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"there is {', '.join(names)}"


def _one_of(words: Sequence[str], given: Any) -> str:
    nearest = difflib.get_close_matches(str(given), words, n=1)
    meant = f" (did you mean {nearest[0]}?)" if nearest else ""
    return f"must be {'one of ' if len(words) > 1 else ''}{', '.join(words)}{meant}"
