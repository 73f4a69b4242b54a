"""One parameter's text, read into its value. Whoever reads collects warnings for people.

Warnings name parameters and numbers, never other content of a reply: it may be personal.
"""

from __future__ import annotations

import re

from ivrserver.actions.reference import (
    MAX_PASS_THROUGH_BYTES,
    MAX_PHONES,
    MAX_TEXT,
    MAX_USER_PARAMETERS,
    Parameter,
)
from ivrserver.actions.xmltree import Node
from ivrserver.errors import ActionError

_MAX_WARNINGS = 20
_MAX_NAME = 40
_ID = re.compile(r"[0-9]{1,18}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


class Warnings:
    """What was accepted although it is not quite right; a bounded number of them."""

    def __init__(self, first: list[str]) -> None:
        self._texts = list(first)

    def add(self, text: str) -> None:
        """Keep `text`."""
        self._texts.append(text)

    def all(self) -> tuple[str, ...]:
        """Every warning, or the first ones and how many more there were."""
        more = len(self._texts) - _MAX_WARNINGS
        if more <= 0:
            return tuple(self._texts)
        return (*self._texts[:_MAX_WARNINGS], f"and {more} more warnings")


def shown(name: str) -> str:
    """An element's name, short enough for a sentence."""
    return f"<{name if len(name) <= _MAX_NAME else name[:_MAX_NAME] + '…'}>"


def plain(node: Node, warnings: Warnings) -> str:
    """The text of an element that should hold nothing else, as it is."""
    if node.children:
        warnings.add(f"tags inside {shown(node.name)} are ignored, their text counts")
    return node.text


def block_id(text: str, parameter: Parameter) -> int:
    """A building block id.

    Raises:
        ActionError: it is not a whole number.
    """
    if not _ID.fullmatch(text):
        raise ActionError(f"{shown(parameter.name)} must be a whole number")
    return int(text)


def optional_id(text: str, parameter: Parameter, warnings: Warnings) -> int | None:
    """An id that the action can do without."""
    if not text:
        return None
    if not _ID.fullmatch(text):
        warnings.add(f"{shown(parameter.name)} must be a whole number: ignored")
        return None
    return int(text)


def number(text: str, parameter: Parameter, warnings: Warnings) -> int:
    """The number of an INTEGER or CHOICE, all of which have a default; never fails."""
    name, default = shown(parameter.name), parameter.default or 0
    if not text:
        return default
    if not _INTEGER.fullmatch(text):
        warnings.add(f"{name} is not a whole number: {default} is used")
        return default
    value = int(text)
    if parameter.choices and value not in parameter.choices:
        allowed = ", ".join(str(choice) for choice in parameter.choices)
        warnings.add(f"{name} must be one of {allowed}: {default} is used")
        return default
    if parameter.low is not None and value < parameter.low:
        warnings.add(f"{name} is {value}, raised to {parameter.low}")
        return parameter.low
    if parameter.high is not None and value > parameter.high:
        warnings.add(f"{name} is {value}, lowered to {parameter.high}")
        return parameter.high
    return value


def spoken(text: str, name: str, warnings: Warnings) -> str:
    """A text that may be spoken: trimmed, and of bounded length."""
    text = text.strip()
    if len(text) > MAX_TEXT:
        warnings.add(f"{shown(name)} is longer than {MAX_TEXT:,} characters: the rest is dropped")
        return text[:MAX_TEXT]
    return text


def phone_list(text: str, warnings: Warnings) -> tuple[str, ...]:
    """Phone numbers as written, in order; empty entries are dropped, and those beyond the cap."""
    numbers = tuple(entry for part in text.split("|") if (entry := part.strip()))
    if len(numbers) > MAX_PHONES:
        warnings.add(f"<phone_list> has more than {MAX_PHONES} numbers: the rest is dropped")
    return numbers[:MAX_PHONES]


def user_parameters(node: Node, warnings: Warnings) -> dict[str, str]:
    """Name and text of each child, names as given; the first of a name wins."""
    values: dict[str, str] = {}
    for child in node.children:
        if child.name in values:
            warnings.add(f"{shown(child.name)} comes more than once: the first counts")
            continue
        if len(values) == MAX_USER_PARAMETERS:
            most = f"more than {MAX_USER_PARAMETERS} names"
            warnings.add(f"<user_parameters> has {most}: the rest is dropped")
            break
        values[child.name] = spoken(plain(child, warnings), child.name, warnings)
    return values


def pass_through(text: str, warnings: Warnings) -> str:
    """Opaque data, byte for byte; what is beyond the cap is lost, and said."""
    data = text.encode()
    if len(data) <= MAX_PASS_THROUGH_BYTES:
        return text
    warnings.add(f"<p_t> is longer than {MAX_PASS_THROUGH_BYTES} bytes: the rest is dropped")
    return data[:MAX_PASS_THROUGH_BYTES].decode(errors="ignore")
