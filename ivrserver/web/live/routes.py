"""``GET /events``: what happens on calls, as server-sent events (WHATWG HTML §9.2).

=============  ==================================================================================
type           data
=============  ==================================================================================
``calls``      ``live``: how many calls are live; ``changed``: ids of those that something has
               happened on. Also sent at the beginning.
``timeline``   one event of a call's timeline: ``call_id``, ``seq``, ``at``, ``kind``, ``leg_id``
               and ``data``, as ``ivrserver calls show`` tells them
``account``    ``revision``: the newest. Also sent at the beginning.
``storage``    ``away``: the database cannot be read; the stream goes on when it is back. Also
               sent at the beginning
``reset``      events were missed: read again whatever you have read before
=============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from ivrserver.access import Visitor
from ivrserver.web.api.problems import responses
from ivrserver.web.live.news import Topic
from ivrserver.web.live.stream import Stream, Wanted
from ivrserver.web.live.watch import Live, TooManyListeners

Check = Callable[[Request], Awaitable[Visitor]]

RETRY: Final = 1000
"""Milliseconds after which a browser comes back whose stream has ended."""
_RETRY_AFTER: Final = {"Retry-After": "10"}
_CHOSEN: Final = (Topic.CALLS, Topic.TIMELINE, Topic.ACCOUNT)


def event_routes(live: Live, reads_calls: Check) -> APIRouter:
    """The route.

    Args:
        live: what sees what happens.
        reads_calls: lets in who may read calls, and is asked again while they listen.
    """
    router = APIRouter(tags=["Live"])

    known = Depends(reads_calls)

    async def joined(visitor: Visitor = known) -> AsyncIterator[None]:
        try:
            async with live.listening(visitor.name):
                yield
        except TooManyListeners as error:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            raise HTTPException(status, f"{error}; try later", _RETRY_AFTER) from error

    @router.get(
        "/events",
        response_class=EventSourceResponse,
        dependencies=[Depends(joined)],
        responses={
            200: {"content": {"text/event-stream": {"example": _EXAMPLE}}},
            **responses(401, 403, 422, 503),
        },
    )
    async def events(
        request: Request,
        *,
        call: Annotated[str, Query(max_length=64, description="only this call's timeline")] = "",
        after: Annotated[
            str,
            Query(max_length=64, description="begin behind this event; of a call: its seq"),
        ] = "",
        types: Annotated[
            list[Topic] | None, Query(description="only these types, besides storage and reset")
        ] = None,
        last_event_id: Annotated[str, Header(max_length=64)] = "",
    ) -> AsyncIterator[ServerSentEvent]:
        """What happens from now on; of one call: everything behind `after`, then what follows.

        `Last-Event-ID` (which browsers send by themselves) goes on behind that event, without
        loss; where that cannot be, a `reset` says so.
        """
        wanted = Wanted(topics=frozenset(types or _CHOSEN), call=call, last=last_event_id or after)

        async def still_may() -> bool:
            try:
                await reads_calls(request)
            except HTTPException:
                return False
            return True

        yield ServerSentEvent(comment="welcome", retry=RETRY)
        async for sent in Stream(live, wanted, still_may).events():
            yield ServerSentEvent(event=sent.topic, data=sent.data, id=sent.event_id or None)

    return router


_EXAMPLE: Final[Any] = (
    'event: timeline\ndata: {"call_id": "01J9ZC8M6T", "seq": 1760000000000000000, "at": '
    '"2026-11-28T12:00:00Z", "kind": "call_answered", "leg_id": "", "data": {}}\n'
    "id: 9f86d081-17\n\n"
)
