"""What differs between two values of JSON, place by place, for people. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_MISSING: Final = object()
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that differs.

    Attributes:
        place: such as ``questions #3 / prompt / text``; empty: the whole.
        before: what was there, as text; None: nothing.
        after: what is there now, as text; None: nothing.
    """

    place: str
    before: str | None
    after: str | None


def differences(before: object, after: object) -> list[Difference]:
    """All places that differ; None on a side: there was nothing at all, or is nothing any more.

    Items of lists that have an ``id`` are compared by it, others by where they stand.
    """
    start = _MISSING if before is None else before
    end = _MISSING if after is None else after
    return [
        Difference(" / ".join(place), _text(old), _text(new))
        for place, old, new in _walk((), start, end)
    ]


def _walk(place: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if _same(old, new):
        return
    both = [each for each in (old, new) if each is not _MISSING]
    if all(isinstance(each, Mapping) for each in both) and any(both):
        olds, news = _fields(old), _fields(new)
        for name in [*olds, *(name for name in news if name not in olds)]:
            yield from _walk((*place, name), olds.get(name, _MISSING), news.get(name, _MISSING))
        return
    if all(_is_list(each) for each in both) and any(map(_nested, both)):
        olds, news = _items(old), _items(new)
        *above, last = place or ("",)
        for name in [*olds, *(name for name in news if name not in olds)]:
            there = (*above, f"{last} {name}".strip())
            yield from _walk(there, olds.get(name, _MISSING), news.get(name, _MISSING))
        if list(olds) != list(news) and sorted(olds) == sorted(news):
            yield (*place, "order"), ", ".join(olds), ", ".join(news)
        return
    yield place, old, new


def _same(old: object, new: object) -> bool:
    """Whether both are the same JSON: 1 and true are not, though Python has them equal."""
    if old is _MISSING or new is _MISSING:
        return old is new
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _nested(items: Sequence[Any]) -> bool:
    return any(isinstance(item, Mapping) or _is_list(item) for item in items)


def _fields(value: Any) -> dict[str, Any]:
    return {} if value is _MISSING else {str(name): each for name, each in value.items()}


def _items(value: Any) -> dict[str, Any]:
    if value is _MISSING:
        return {}
    ids = [item.get("id") for item in value if isinstance(item, Mapping)]
    if len(ids) == len(value) == len({str(each) for each in ids}) and None not in ids:
        return {f"#{item['id']}": item for item in value}
    return {f"[{number}]": item for number, item in enumerate(value, 1)}


def _text(value: object) -> str | None:
    if value is _MISSING:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
