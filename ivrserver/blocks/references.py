"""Finds, in the plain tree of a flow file, everything that names something else.

Works on trees, not on values, so that it also speaks about a file that has other mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ivrserver.blocks.fields import PHONE_NAME
from ivrserver.blocks.findme_forms import NEXT_ACTION_BLOCKS
from ivrserver.blocks.yamltree import Path

_PLACES = {"then", "unanswered", "destination", "next_step", "backup_routing", "closed", "holiday"}
_TABLES = {"keys", "extensions"}
_TARGETS = ("block", "mailbox", "question")
_PROMPTS = {"prompt", "greeting"}
_SOUNDS = {"whisper_audio", "hold_music"}
_PHONE_NAME = re.compile(PHONE_NAME)


@dataclass(frozen=True, slots=True)
class Reference:
    """One name that stands for something else.

    Attributes:
        path: where it stands.
        kind: ``block``, ``mailbox``, ``question``, ``audio`` (its exact name), ``sound`` (an audio
            file by its name as replies write it), ``phone``, or a kind of block.
        target: what it names; an id is a number.
    """

    path: Path
    kind: str
    target: Any


def references(tree: Any, path: Path = ()) -> Iterator[Reference]:
    """Each reference below `tree`."""
    if isinstance(tree, list):
        for at, item in enumerate(tree):
            yield from references(item, (*path, at))
    if isinstance(tree, Mapping):
        for name, content in tree.items():
            yield from _below(name, content, (*path, name))


def _below(name: str, content: Any, path: Path) -> Iterator[Reference]:
    match content:
        case Mapping() if name in _PLACES and _leads_on(content):
            yield from _destination(content, path)
        case Mapping() if name in _TABLES:
            yield from _table(content, path)
        case Mapping() if name == "next_action":
            yield from _next_action(content, path)
        case {"audio": str() as audio} if name in _PROMPTS:
            yield Reference((*path, "audio"), "audio", audio)
        case str() if name in _SOUNDS and content:
            yield Reference(path, "sound", content)
        case str() if name == "destination":
            yield from _phone(content, path)
        case list() if name == "phones":
            for at, phone in enumerate(content):
                yield from _phone(phone, (*path, at))
        case _:
            yield from references(content, path)


def _table(content: Mapping[str, Any], path: Path) -> Iterator[Reference]:
    """A menu's keys or extensions, or the keys of a choice."""
    for key, target in content.items():
        if isinstance(target, Mapping) and _leads_on(target):
            yield from _destination(target, (*path, key))
        else:
            yield from references(target, (*path, key))


def _next_action(content: Mapping[str, Any], path: Path) -> Iterator[Reference]:
    for kind in NEXT_ACTION_BLOCKS:
        if (target := number(content.get(kind))) is not None:
            yield Reference((*path, kind), kind, target)


def _leads_on(content: Mapping[str, Any]) -> bool:
    return bool(content.keys() & {*_TARGETS, "number"})


def _destination(content: Mapping[str, Any], path: Path) -> Iterator[Reference]:
    for kind in _TARGETS:
        if (target := number(content.get(kind))) is not None:
            yield Reference((*path, kind), kind, target)
    yield from _phone(content.get("number"), (*path, "number"))


def _phone(called: Any, path: Path) -> Iterator[Reference]:
    """A phone by its name; a number may be anybody's."""
    if isinstance(called, str) and _PHONE_NAME.fullmatch(called) and called != "hangup":
        yield Reference(path, "phone", called)


def number(raw: Any) -> int | None:
    """An id, which is still text in a tree; None: it is not a number."""
    try:
        return int(raw)
    except (TypeError, ValueError):
        return None
