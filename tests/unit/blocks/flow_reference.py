"""Writes what is made from the flow file's forms into docs/reference.

Run it after a change of the forms: ``.venv/bin/python -m tests.unit.blocks.flow_reference``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ivrserver.blocks import question_forms as asked
from ivrserver.blocks import schema as forms
from ivrserver.blocks.forms import Model

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGE = REFERENCE / "flow-files.md"
SCHEMA = REFERENCE / "flow.schema.json"
BEGIN, END = "<!-- made from the program: begin -->", "<!-- made from the program: end -->"

SECTIONS: Mapping[str, tuple[type[Model], ...]] = {
    "A flow file": (forms.AccountForm,),
    "Numbers": (forms.NumberForm,),
    "Audio": (forms.AudioForm,),
    "IVR": (forms.IvrForm,),
    "Every question": (asked.QuestionForm,),
    "Questions that wait for keys": (asked.KeyQuestionForm,),
    "`message`": (asked.MessageForm,),
    "`digits`": (asked.DigitsForm,),
    "`choice`": (asked.ChoiceForm, asked.ChoiceKeyForm),
    "`yes_no`": (asked.YesNoForm,),
    "`record`": (asked.RecordForm,),
    "Retries: `no_input` and `invalid`": (asked.RetriesForm,),
    "Webhook": (forms.WebhookForm,),
}
PLACES = {
    "prompt": "prompt",
    "then": "step",
    "destination": "destination",
    "next_step": "destination",
    "backup_routing": "destination",
    "no_input": "retries",
    "invalid": "retries",
}


def tables() -> str:
    """Every field, as Markdown."""
    return "\n".join(
        line for title, shown in SECTIONS.items() for line in [f"\n## {title}", *_tables(shown)]
    )


def page(current: str) -> str:
    """The page `current` with its tables renewed."""
    before, _, rest = current.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{tables()}\n\n{END}{after}"


def _tables(shown: tuple[type[Model], ...]) -> Iterator[str]:
    for form in shown:
        yield f"\n{form.__doc__}"
        inherited = set().union(*(getattr(base, "model_fields", {}) for base in form.__mro__[1:]))
        own = [name for name in form.model_fields if name not in inherited]
        if not own:
            continue
        schema = form.model_json_schema(schema_generator=forms.FlowSchema)
        properties = schema.get("properties") or schema["anyOf"][1]["properties"]
        yield "\n| field | value | default | meaning |\n|---|---|---|---|"
        for name in own:
            field = form.model_fields[name]
            alias = field.alias or name
            default = "**required**" if field.is_required() else _code(forms.as_yaml(field.default))
            value = PLACES.get(name) or _value(properties[alias])
            yield f"| `{alias}` | {value} | {default} | {field.description} |"


def _code(default: Any) -> str:
    if default is None or default in ("", [], {}):
        return ""
    plain = int(default) if isinstance(default, float) and default.is_integer() else default
    shown = plain if isinstance(plain, str) else json.dumps(plain).replace('"', "")
    return f"`{shown}`"


def _value(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"$ref": name}:
            return {"WebhookForm": "webhook", "WebhookMode": _words(forms.WebhookMode)}.get(
                name.rpartition("/")[2], _words(forms.WebhookMethod)
            )
        case {"const": word}:
            return f"`{word}`"
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"{low} to {high:,}" if high < 1_000_000 else "id: a whole number from 1"
        case {"type": "number", "maximum": high}:
            return f"seconds, up to {high:g}"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "array"}:
            return "list"
        case {"type": "object"}:
            return "fields"
        case _:
            return "text"


def _words(kind: Any) -> str:
    return ", ".join(f"`{member.value}`" for member in kind)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(forms.json_schema_text(), encoding="utf-8")
