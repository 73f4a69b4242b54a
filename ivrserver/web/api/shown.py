"""Examples in the API's description: what an operation takes and gives, made of its schemas.

What may be left out is, unless it has an example. A field is shown by its own example, else by
what fields of that name hold, else by its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ivrserver.web.api.examples import WHOLE

_JSON: Final = "application/json"
_DEEPEST: Final = 12
_MOMENT: Final = "2026-11-28T12:00:00Z"
_NAMED: Final[Mapping[str, Any]] = {
    "asterisk": "main",
    "call_id": "01J9ZC8M6T2Q0VN7D4K3B5X8RY",
    "codec": "opus",
    "controller": "main",
    "created_at": _MOMENT,
    "host": "sip.example.com",
    "label": "Radio ad",
    "name": "Customer survey",
    "question": "Score",
    "recording": "rec-01J9ZC8M6T2Q0VN7D4K3B5X8RY",
    "response_id": "01J9ZC8M6T2Q0VN7D4K3B5X8RZ",
    "seconds": 4.2,
    "url": "https://www.example.com/survey",
    "user": "mia",
    "version": "1.0.0",
}
"""What fields of these names hold, where they say nothing themselves."""
_BY_FORMAT: Final[Mapping[str, str]] = {
    "date": "2026-11-28", "date-time": _MOMENT, "password": "a few words of yours",
}  # fmt: skip
_BY_TYPE: Final[Mapping[str, Any]] = {
    "string": "text", "integer": 1, "number": 1.5, "boolean": False, "null": None,
}  # fmt: skip


def show_examples(description: dict[str, Any]) -> None:
    """Give every JSON body of `description` (OpenAPI) an example that has none."""
    schemas = description["components"]["schemas"]
    for body in _bodies(description):
        if "schema" in body and not body.keys() & {"example", "examples"}:
            body["example"] = example_of(body["schema"], schemas)


def example_of(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "", depth: int = 0
) -> Any:
    """A value of a schema (JSON Schema 2020-12, as far as pydantic writes it).

    Args:
        schema: what the value is like.
        schemas: those that it refers to, by their names.
        name: of the field that holds the value.
        depth: how many schemas it is inside of.
    """
    below = depth + 1
    if "$ref" in schema:
        called = schema["$ref"].rpartition("/")[2]
        # FastAPI tells forms that are taken from those that are given.
        form = called.partition("-")[0]
        return WHOLE.get(form) or example_of(schemas[called], schemas, name, below)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            first = next(each for each in schema[word] if each.get("type") != "null")
            return example_of(first, schemas, name, below)
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {}) if depth < _DEEPEST else {}
            return {
                each: example_of(about, schemas, each, below)
                for each, about in fields.items()
                if each in schema.get("required", ()) or about.get("examples")
            }
        case "array":
            items = schema.get("prefixItems") or [schema.get("items", {})]
            least = "prefixItems" in schema or schema.get("minItems", 0) > 0
            if depth >= _DEEPEST and not least:
                return []
            return [example_of(each, schemas, "", below) for each in items]
        case kind:
            return _plain(schema, str(kind), name)


def _plain(schema: Mapping[str, Any], kind: str, name: str) -> Any:
    """A text, a number or the like."""
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    if schema.get("default") is not None:
        return schema["default"]
    usual = _BY_TYPE.get(kind)
    named = _NAMED.get(name, usual)
    return named if isinstance(named, type(usual)) else usual


def _bodies(description: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What operations take, and give where they succeed."""
    for path in description["paths"].values():
        for operation in path.values():
            answers = operation["responses"].items()
            parts = [answer for status, answer in answers if status.startswith("2")]
            for part in [*parts, operation.get("requestBody", {})]:
                if _JSON in part.get("content", {}):
                    yield part["content"][_JSON]
