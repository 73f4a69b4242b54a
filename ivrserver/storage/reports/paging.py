"""Lists a page at a time, by the keys of what was read: as fast on the last page as on the first.

A cursor holds the sort keys of the row at the edge of a page. Rows that come or go meanwhile move
nothing: nobody sees a row twice, or misses one.
"""

from __future__ import annotations

import operator as op
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

import orjson
from sqlalchemy import Column, Select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ivrserver.errors import CursorRefused
from ivrserver.storage.tables import UtcTime

T = TypeVar("T")
S = TypeVar("S")

_OLDER, _NEWER = "older", "newer"
_NOT_NEWER, _NOT_OLDER = "from", "upto"
_WAYS: Final = {_OLDER: op.lt, _NOT_NEWER: op.le, _NEWER: op.gt, _NOT_OLDER: op.ge}
"""How rows compare with the edge that a cursor holds. Those with it are the way back from a page
that is empty by now."""
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list, newest first.

    Attributes:
        next: cursor of the page with older ones; None: there is none.
        previous: cursor of the page with newer ones; None: there is none.
    """

    items: tuple[T, ...]
    next: str | None = None
    previous: str | None = None

    def of(self, items: Sequence[S]) -> Page[S]:
        """The same page, with what was made of its items."""
        return Page(tuple(items), self.next, self.previous)


async def read_page(
    connection: AsyncConnection,
    query: Select[Any],
    order: Sequence[Column[Any]],
    *,
    cursor: str | None,
    limit: int,
) -> Page[Mapping[str, Any]]:
    """The page of a query that `cursor` leads to.

    Args:
        connection: in a transaction.
        query: without an order; it selects the columns of `order` under their own names.
        order: columns that sort it, each descending, and that name each row together. None of them
            is ever null.
        cursor: of a page of the same list; None: the newest.
        limit: how many at most.

    Raises:
        CursorRefused: the cursor is none of this list's.
    """
    way, reached = _read(cursor, order) if cursor else (_OLDER, None)
    newer = way in (_NEWER, _NOT_OLDER)
    if reached is not None:
        edge = tuple_(*reached, types=[column.type for column in order])
        query = query.where(_WAYS[way](tuple_(*order), edge))
    sorted_by = [column.asc() if newer else column.desc() for column in order]
    # One more tells whether there are more.
    found = (await connection.execute(query.order_by(*sorted_by).limit(limit + 1))).mappings().all()
    rows, more = found[:limit], len(found) > limit
    if newer:
        rows = rows[::-1]
    if not rows:
        return _empty(order, reached, newer=newer)
    first, last = (tuple(row[column.name] for column in order) for row in (rows[0], rows[-1]))
    newest = more if newer else reached is not None
    return Page(
        tuple(rows),
        next=_written(_OLDER, order, last) if more or newer else None,
        previous=_written(_NEWER, order, first) if newest else None,
    )


def _empty(
    order: Sequence[Column[Any]], reached: Sequence[Any] | None, *, newer: bool
) -> Page[Any]:
    """A page without rows, with the way back to where its cursor came from."""
    if reached is None:
        return Page(())
    if newer:
        return Page((), next=_written(_NOT_NEWER, order, reached))
    return Page((), previous=_written(_NOT_OLDER, order, reached))


def _list(order: Sequence[Column[Any]]) -> str:
    """What a list's cursors are known by."""
    return order[-1].table.name


def _written(way: str, order: Sequence[Column[Any]], key: Sequence[Any]) -> str:
    return urlsafe_b64encode(orjson.dumps([_list(order), way, *key])).rstrip(b"=").decode()


def _read(cursor: str, order: Sequence[Column[Any]]) -> tuple[str, tuple[Any, ...]]:
    """Which way it leads (`_WAYS`), and from which key on."""
    try:
        return _parsed(cursor, order)
    except (ValueError, TypeError, OverflowError) as error:
        raise CursorRefused(
            "the cursor is not one of this list's: take it as it was given with the page before, "
            "or leave it out to begin with the newest"
        ) from error


def _parsed(cursor: str, order: Sequence[Column[Any]]) -> tuple[str, tuple[Any, ...]]:
    if len(cursor) > _LONGEST:
        raise ValueError
    padded = cursor + "=" * (-len(cursor) % 4)
    name, way, *values = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
    if name != _list(order) or way not in _WAYS:
        raise ValueError
    key = tuple(_value(value, column) for value, column in zip(values, order, strict=True))
    return way, key


def _value(value: Any, column: Column[Any]) -> Any:
    """A sort key as its column has it."""
    if isinstance(column.type, UtcTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    kind = column.type.python_type
    if type(value) is not kind or (kind is str and "\0" in value):
        raise ValueError
    if kind is int and abs(value) >= 1 << 63:
        raise ValueError
    return value
