"""One parameter's text, read into its value. Whoever reads collects findings for people.

Warnings name parameters and numbers, never other content of a reply: it may be personal.
"""

from __future__ import annotations

import re

from ivrserver.actions.findings import Findings, Use
from ivrserver.actions.reference import (
    MAX_PASS_THROUGH_BYTES,
    MAX_PHONES,
    MAX_TEXT,
    MAX_USER_PARAMETERS,
    Parameter,
)
from ivrserver.actions.xmltree import Node

_MAX_NAME = 40
_ID = re.compile(r"[0-9]{1,18}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def shown(name: str) -> str:
    """An element's name, short enough for a sentence."""
    return f"<{name if len(name) <= _MAX_NAME else name[:_MAX_NAME] + '…'}>"


def plain(node: Node, found: Findings) -> str:
    """The text of an element that should hold nothing else, as it is."""
    if node.children:
        found.add(f"tags inside {shown(node.name)} are ignored, their text counts")
    return node.text


def block_id(text: str, parameter: Parameter, found: Findings) -> int:
    """A building block id.

    Raises:
        ActionError: it is not a whole number.
    """
    if not _ID.fullmatch(text):
        raise found.refusal(f"{shown(parameter.name)} must be a whole number")
    found.means(int(text))
    return int(text)


def optional_id(text: str, parameter: Parameter, found: Findings) -> int | None:
    """An id that the action can do without."""
    if not text:
        return None
    if not _ID.fullmatch(text):
        found.add(f"{shown(parameter.name)} must be a whole number: ignored", Use.IGNORED)
        return None
    found.means(int(text))
    return int(text)


def number(text: str, parameter: Parameter, found: Findings) -> int:
    """The number of an INTEGER or CHOICE, all of which have a default; never fails."""
    value = _number(text, parameter, found)
    found.means(value)
    return value


def _number(text: str, parameter: Parameter, found: Findings) -> int:
    name, default = shown(parameter.name), parameter.default or 0
    if not text:
        return default
    if not _INTEGER.fullmatch(text):
        found.add(f"{name} is not a whole number: {default} is used")
        return default
    value = int(text)
    if parameter.choices and value not in parameter.choices:
        allowed = ", ".join(str(choice) for choice in parameter.choices)
        found.add(f"{name} must be one of {allowed}: {default} is used")
        return default
    if parameter.low is not None and value < parameter.low:
        found.add(f"{name} is {value}, raised to {parameter.low}")
        return parameter.low
    if parameter.high is not None and value > parameter.high:
        found.add(f"{name} is {value}, lowered to {parameter.high}")
        return parameter.high
    return value


def spoken(text: str, name: str, found: Findings) -> str:
    """A text that may be spoken: trimmed, and of bounded length."""
    text = text.strip()
    if len(text) > MAX_TEXT:
        found.add(f"{shown(name)} is longer than {MAX_TEXT:,} characters: the rest is dropped")
        text = text[:MAX_TEXT]
    found.means(text)
    return text


def phone_list(text: str, found: Findings) -> tuple[str, ...]:
    """Phone numbers as written, in order; empty entries are dropped, and those beyond the cap."""
    numbers = tuple(entry for part in text.split("|") if (entry := part.strip()))
    if len(numbers) > MAX_PHONES:
        found.add(f"<phone_list> has more than {MAX_PHONES} numbers: the rest is dropped")
    found.means(numbers[:MAX_PHONES])
    return numbers[:MAX_PHONES]


def user_parameters(node: Node, found: Findings) -> dict[str, str]:
    """Name and text of each child, names as given; the first of a name wins."""
    values: dict[str, str] = {}
    for child in node.children:
        there = found.at(child)
        if child.name in values:
            twice = f"{shown(child.name)} comes more than once: the first counts"
            there.add(twice, Use.IGNORED)
            continue
        if len(values) == MAX_USER_PARAMETERS:
            most = f"more than {MAX_USER_PARAMETERS} names"
            found.add(f"<user_parameters> has {most}: the rest is dropped")
            break
        values[child.name] = spoken(plain(child, there), child.name, there)
    return values


def pass_through(text: str, found: Findings) -> str:
    """Opaque data, byte for byte; what is beyond the cap is lost, and said."""
    data = text.encode()
    if len(data) > MAX_PASS_THROUGH_BYTES:
        found.add(f"<p_t> is longer than {MAX_PASS_THROUGH_BYTES} bytes: the rest is dropped")
        text = data[:MAX_PASS_THROUGH_BYTES].decode(errors="ignore")
    found.means(text)
    return text
