"""What is wrong between the parts of an account: ids used twice, references that lead nowhere.

Works on the plain trees of flow files, not on values, so that it also speaks about a file that has
other mistakes, and knows the line of each. `lint_blocks` looks into single blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivrserver.blocks.audio_names import find_audio
from ivrserver.blocks.lint_blocks import clashes, overlaps, roundabouts
from ivrserver.blocks.references import Reference, number, references
from ivrserver.blocks.yamltree import Document, Path, Problem, dotted

_SHOWN = 10
_KINDS = ("ivr", "findme", "receptionist", "voicemail")


@dataclass(frozen=True, slots=True)
class Known:
    """What exists already besides the files, so that they may refer to it.

    Attributes:
        blocks: the kind of each block, by its id.
        audio: names of audio files.
        phones: extension of each registered phone, by its name, and every user, who may have a
            softphone and no extension; None: it is not known which there are.
    """

    blocks: Mapping[int, str] = field(default_factory=dict)
    audio: frozenset[str] = frozenset()
    phones: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem and the document that has it."""

    document: Document
    problem: Problem


@dataclass(slots=True)
class _Names:
    """What may be referred to, and where it was first defined."""

    blocks: dict[Any, str] = field(default_factory=dict)
    audio: dict[Any, str] = field(default_factory=dict)
    numbers: dict[Any, str] = field(default_factory=dict)


def lint(documents: Sequence[Document], known: Known) -> Iterator[Finding]:
    """Find what is wrong between the parts of `documents`, which together are one account."""
    names = _Names()
    for document in documents:
        yield from _definitions(document, names)
    blocks = [block for each in documents for _, block in _items(each.tree, "blocks")]
    kinds = {number(block.get("id")): block.get("kind") for block in blocks}
    everything = Known(
        {**known.blocks, **{at: str(kind) for at, kind in kinds.items() if at is not None}},
        frozenset(names.audio) | known.audio,
        known.phones,
    )
    for document in documents:
        for found in references(document.tree):
            if advice := _why_wrong(found, everything):
                yield _finding(document, found.path, advice)
        for path, block in _items(document.tree, "blocks"):
            yield from _block(document, path, block, everything)
    for at, advice in roundabouts(blocks).items():
        for document in documents:
            for path, block in _items(document.tree, "blocks"):
                if number(block.get("id")) == at:
                    yield _finding(document, (*path, "next_action"), advice)


def _definitions(document: Document, names: _Names) -> Iterator[Finding]:
    tree = document.tree
    for path, each in _items(tree, "numbers"):
        yield from _once(document, (*path, "number"), each.get("number"), names.numbers)
    for path, audio in _items(tree, "audio"):
        name = audio.get("name") or str(audio.get("path", "")).rpartition("/")[2]
        yield from _once(document, (*path, "name"), name or None, names.audio)
    for path, block in _items(tree, "blocks"):
        yield from _once(document, (*path, "id"), number(block.get("id")), names.blocks)


def _once(document: Document, path: Path, name: Any, seen: dict[Any, str]) -> Iterator[Finding]:
    if name is None:
        return
    if name in seen:
        yield _finding(document, path, f"{name} is used twice (first in {seen[name]}); change one")
    seen.setdefault(name, f"{document.name}:{document.line_of(path)}")


def _why_wrong(found: Reference, known: Known) -> str:
    """What is wrong with a reference; empty: nothing."""
    target = found.target
    match found.kind:
        case "audio" if target not in known.audio:
            return f"there is no audio file called {target}{_choices(known.audio)}"
        case "sound" if not find_audio(known.audio, target):
            return f"there is no audio file called {target}{_choices(known.audio)}"
        case "phone" if known.phones is not None and target not in known.phones:
            return f"there is no phone or user {target}{_choices(known.phones)}"
        case "audio" | "sound" | "phone" | "question":
            return ""
    if target not in known.blocks:
        return f"there is no block {target}{_choices(known.blocks)}"
    wanted = {"mailbox": "voicemail", "block": ""}.get(found.kind, found.kind)
    is_a = known.blocks[target]
    if not wanted or is_a == wanted or is_a not in _KINDS:
        return ""
    fitting = [block for block, kind in known.blocks.items() if kind == wanted]
    return f"block {target} is of kind {is_a}, not {wanted}{_choices(fitting)}"


def _block(
    document: Document, path: Path, block: Mapping[str, Any], known: Known
) -> Iterator[Finding]:
    if block.get("kind", "ivr") == "ivr":
        yield from _questions(document, path, block)
    for at, advice in [*overlaps(block), *clashes(block, known.phones or {})]:
        yield _finding(document, (*path, *at), advice)
    for place in ("closed", "holiday"):
        target = block.get(place)
        if isinstance(target, Mapping) and "block" in target:
            own = number(block.get("id"))
            if own is not None and number(target["block"]) == own:
                advice = "leads back to the block itself for ever; let it lead elsewhere"
                yield _finding(document, (*path, place), advice)


def _questions(document: Document, path: Path, ivr: Mapping[str, Any]) -> Iterator[Finding]:
    types: dict[int, Any] = {}
    seen: dict[Any, str] = {}
    for at, question in _items(ivr, "questions"):
        asked = number(question.get("id"))
        yield from _once(document, (*path, *at, "id"), asked, seen)
        if asked is not None:
            types.setdefault(asked, question.get("type"))
    for found in references(ivr):
        if found.kind == "question" and found.target not in types:
            text = f"this IVR has no question {found.target}{_choices(types)}"
            yield _finding(document, (*path, *found.path), text)
    webhook = ivr.get("webhook")
    parameters = webhook.get("parameters") if isinstance(webhook, Mapping) else None
    for name, target in (parameters if isinstance(parameters, Mapping) else {}).items():
        advice = _why_not_sendable(target, types)
        if advice:
            yield _finding(document, (*path, "webhook", "parameters", name), advice)


def _why_not_sendable(target: Any, types: Mapping[int, Any]) -> str:
    asked = number(target)
    if asked is None:
        return ""  # not an id at all: the form says so
    if asked not in types:
        return f"this IVR has no question {asked}{_choices(types)}"
    match types[asked]:
        case "record":
            return f"question {asked} is a recording, which cannot be sent; choose another"
        case "message" | "transfer":
            return f"question {asked} collects nothing; choose another"
        case _:
            return ""


def _items(tree: Any, section: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The mappings in a list, each with its path; a plain text counts as an audio file's path."""
    items = tree.get(section) if isinstance(tree, Mapping) else None
    for at, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, Mapping):
            yield (section, at), item
        elif isinstance(item, str) and section == "audio":
            yield (section, at), {"path": item}


def _choices(names: Any) -> str:
    """The names that would be right, if they are few."""
    shown = ", ".join(str(name) for name in sorted(names)[:_SHOWN])
    more = ", ..." if len(names) > _SHOWN else ""
    return f"; there is {shown}{more}" if shown else "; add it"


def _finding(document: Document, path: Path, text: str) -> Finding:
    return Finding(document, Problem(document.line_of(path), dotted(path), text))
