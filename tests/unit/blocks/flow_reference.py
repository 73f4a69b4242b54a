"""Writes what is made from the flow file's forms into docs/reference.

Run it after a change of the forms: ``.venv/bin/python -m tests.unit.blocks.flow_reference``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ivrserver.blocks import question_forms as asked
from ivrserver.blocks import receptionist_forms as receptionists
from ivrserver.blocks import schedule_forms as schedules
from ivrserver.blocks import schema as forms
from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.findme_forms import NEXT_ACTION_BLOCKS, NEXT_ACTION_WORDS
from ivrserver.blocks.forms import Model
from ivrserver.blocks.ivr_forms import WebhookForm

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGE = REFERENCE / "flow-files.md"
SCHEMA = REFERENCE / "flow.schema.json"
BEGIN, END = "<!-- made from the program: begin -->", "<!-- made from the program: end -->"

SECTIONS: Mapping[str, tuple[type[Model], ...]] = {
    "A flow file": (forms.AccountForm,),
    "Numbers": (forms.NumberForm,),
    "Audio": (forms.AudioForm,),
    "Every block": (BlockForm,),
    "IVR": (forms.IvrForm,),
    "Every question": (asked.QuestionForm,),
    "Questions that wait for keys": (asked.KeyQuestionForm,),
    "`message`": (asked.MessageForm,),
    "`digits`": (asked.DigitsForm,),
    "`choice`": (asked.ChoiceForm, asked.ChoiceKeyForm),
    "`yes_no`": (asked.YesNoForm,),
    "`record`": (asked.RecordForm,),
    "`transfer`": (asked.TransferForm,),
    "Retries: `no_input` and `invalid`": (asked.RetriesForm,),
    "Webhook": (WebhookForm,),
    "FindMe": (forms.FindMeForm,),
    "Virtual Receptionist": (forms.ReceptionistForm,),
    "Menu": (receptionists.MenuForm, receptionists.FailureForm),
    "Voicemail": (forms.VoicemailForm,),
    "Schedule": (schedules.ScheduleForm, schedules.HoursForm, schedules.HolidayForm),
}
PLACES = {
    "prompt": "prompt",
    "then": "step",
    "destination": "destination",
    "next_step": "destination",
    "backup_routing": "destination",
    "no_input": "retries",
    "invalid": "retries",
    "greeting": "prompt",
    "unanswered": "step",
    "closed": "destination, or menu",
    "holiday": "destination, or menu",
    "schedule": "schedule",
    "menu": "menu",
    "opens": "time of day",
    "closes": "time of day",
    "first": "date",
    "last": "date",
    "days": "days",
    "next_action": ", ".join(
        [*(f"`{word}`" for word in NEXT_ACTION_WORDS)]
        + [f"`{{{kind}: ID}}`" for kind in NEXT_ACTION_BLOCKS]
    ),
}
"""What fields hold that have a form of their own."""
OTHERWISE = {
    (asked.TransferForm, "destination"): "text",
    (forms.FindMeForm, "closed"): "destination",
    (receptionists.FailureForm, "then"): "destination",
    (receptionists.MenuForm, "invalid"): "failure",
    (receptionists.MenuForm, "no_input"): "failure",
}
"""And where such a field holds something else."""


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
            known = OTHERWISE.get((form, name)) or PLACES.get(name)
            value = known or _value(properties[alias], schema.get("$defs", {}))
            yield f"| `{alias}` | {value} | {default} | {field.description} |"


def _code(default: Any) -> str:
    if default is None or default in ("", [], {}):
        return ""
    plain = int(default) if isinstance(default, float) and default.is_integer() else default
    shown = plain if isinstance(plain, str) else json.dumps(plain).replace('"', "")
    return f"`{shown}`"


def _value(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> str:
    match schema:
        case {"$ref": name}:
            return _value(defined[name.rpartition("/")[2]], defined)
        case {"const": word}:
            return f"`{word}`"
        case {"enum": words}:
            return ", ".join(f"`{word}`" for word in words)
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"{low} to {high:,}" if high < 1_000_000 else "id: a whole number from 1"
        case {"type": "number", "maximum": high}:
            return f"seconds, up to {high:g}"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "array"}:
            return "list"
        case {"properties": {"transcription_url": _}}:
            return "webhook"
        case {"type": "object"}:
            return "fields"
        case _:
            return "text"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(forms.json_schema_text(), encoding="utf-8")
