"""Idempotency keys: a POST that is sent again, because its answer was lost, acts once.

A client makes up an ``Idempotency-Key`` and sends it with the request. The same key with the same
request is answered as before, for a day; with another request it is refused (422), and while the
first is still under way too (409). Keys are each client's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.routing import APIRoute

from ivrserver.access import Visitor
from ivrserver.storage.kept_replies import KeptReply

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
"""Header of an answer that was given before."""
_LONGEST: Final = 200
_KEPT_HEADERS: Final = ("content-type", "etag", "location")
_CLAIM: Final = "claimed_key"


class Replies(Protocol):
    """What was answered before; every method may raise `StorageError`."""

    async def begin(self, key: str, request: str) -> KeptReply | None:
        """Claim a key; what is returned has it already."""
        ...

    async def finish(self, key: str, status: int, headers: dict[str, str], body: bytes) -> None:
        """Keep the answer."""
        ...

    async def forget(self, key: str) -> None:
        """There will be no answer."""
        ...


class _Answered(Exception):
    def __init__(self, reply: Response) -> None:
        self.reply = reply


class Once(APIRoute):
    """A route whose answers are kept for those who ask again. Needs `acts_once` as dependency."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler (called by FastAPI)."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            try:
                response = await handle(request)
            except _Answered as answered:
                return answered.reply
            except BaseException:
                await _forget(request)
                raise
            await _keep(request, response)
            return response

        return once


def acts_once(visitor: Any) -> Callable[..., Coroutine[Any, Any, None]]:
    """The dependency of a route that acts once for each key.

    Args:
        visitor: the dependency that says who asks.
    """

    async def claim(
        request: Request,
        who: Visitor = visitor,
        idempotency_key: Annotated[
            str,
            Header(
                max_length=_LONGEST,
                description="made up by you: sent again with the same request, it acts once",
            ),
        ] = "",
    ) -> None:
        if not idempotency_key:
            return
        replies: Replies = request.app.state.replies
        key = _hash(who.name.encode(), who.via.encode(), idempotency_key.encode())
        asked = _hash(request.method.encode(), str(request.url).encode(), await request.body())
        kept = await replies.begin(key, asked)
        if kept is None:
            setattr(request.state, _CLAIM, key)
            return
        raise _Answered(_again(kept, asked))

    return claim


def keep_replies(app: FastAPI, replies: Replies) -> None:
    """Where the routes of `app` keep their answers."""
    app.state.replies = replies


def _again(kept: KeptReply, asked: str) -> Response:
    if kept.request != asked:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"this {HEADER} came with another request before; make up a new one",
        )
    if kept.status is None:
        raise HTTPException(
            HTTPStatus.CONFLICT, "this request is under way already", {"Retry-After": "1"}
        )
    return Response(kept.body, kept.status, {**kept.headers, REPLAYED: "true"})


async def _keep(request: Request, response: Response) -> None:
    key = getattr(request.state, _CLAIM, "")
    if not key:
        return
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        await _forget(request)
        return
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    replies: Replies = request.app.state.replies
    await replies.finish(key, response.status_code, headers, bytes(response.body))


async def _forget(request: Request) -> None:
    key = getattr(request.state, _CLAIM, "")
    if key:
        replies: Replies = request.app.state.replies
        await replies.forget(key)


def _hash(*parts: bytes) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()
