"""A call's timeline as spans in lanes over seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Path

from ivrserver.access import Right, Visitor
from ivrserver.errors import NothingThere
from ivrserver.flow.chart import Chart, draw_chart
from ivrserver.storage import CallDetails
from ivrserver.web.access import Guard
from ivrserver.web.api.problems import responses


class CallReader(Protocol):
    """Reads single calls (`storage.Calls`); may raise `StorageError`."""

    async def details(self, call_id: str) -> CallDetails | None:
        """Everything of one call; None: there is no such call."""
        ...


def _utc_now() -> datetime:
    return datetime.now(UTC)


def chart_routes(
    guard: Guard, calls: CallReader, now: Callable[[], datetime] = _utc_now
) -> APIRouter:
    """The route.

    Args:
        guard: lets in who may see calls.
        calls: where they are read.
        now: the time, for live calls.
    """
    router = APIRouter(tags=["Calls"])
    reads = Depends(guard.api(Right.CALLS_READ))

    @router.get("/calls/{call_id}/chart", responses=responses(401, 403, 404, 422, 503))
    async def chart(
        call_id: Annotated[
            str, Path(min_length=1, max_length=40, examples=["01J9ZC8M6T2Q0VN7D4K3B5X8RY"])
        ],
        visitor: Visitor = reads,
    ) -> Chart:
        """What happened on a call, drawn: lanes, spans, who heard whom, and every event in words.

        Times are seconds since the call's first event. Spans that have not ended reach to now.
        """
        del visitor
        found = await calls.details(call_id)
        if found is None:
            raise NothingThere(f"there is no call {call_id}")
        return draw_chart(found.timeline, None if found.call.ended_at else now())

    return router
