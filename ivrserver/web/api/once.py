"""Idempotency keys: a POST that is sent again, because its answer was lost, acts once.

A client makes up an ``Idempotency-Key`` and sends it with the request. The same key with the same
request is answered as before, for a day; with another request it is refused (422), and while the
first is still under way too (409). Keys are each client's own.

Secrets are kept nowhere. An answer that has one is not given again, but told to have been given
(409); of a request that has one, the rest must be the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

import structlog
from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.routing import APIRoute

from ivrserver.access import Visitor
from ivrserver.errors import StorageError
from ivrserver.storage.kept_replies import KeptReply
from ivrserver.web.api.problems import problem

log = structlog.get_logger(__name__)

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
"""Header of an answer that was given before."""
_LONGEST: Final = 200
_KEPT_HEADERS: Final = ("content-type", "etag", "location")
_CLAIM: Final = "claim"

Naming = Callable[[Request], Awaitable[bytes]]
"""What of a request's body another request with the same key must have, too."""


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


@dataclass(frozen=True, slots=True)
class _Claim:
    key: str
    told_again: str


async def whole(request: Request) -> bytes:
    """All of the body."""
    return await request.body()


async def length(request: Request) -> bytes:
    """How long the body is, which is not read into memory."""
    return request.headers.get("content-length", "").encode()


async def without_password(request: Request) -> bytes:
    """The body without the password, of which no hash is kept that could be guessed at."""
    body = await request.body()
    try:
        tree = json.loads(body)
    except ValueError:
        return b""
    return json.dumps(tree | {"password": ""} if isinstance(tree, dict) else tree).encode()


def acts_once(
    visitor: Any, names: Naming = whole, told_again: str = ""
) -> Callable[..., Coroutine[Any, Any, None]]:
    """The dependency of a route that acts once for each key.

    Args:
        visitor: the dependency that says who asks.
        names: what of the body must be the same.
        told_again: the answer has a secret, so that whoever asks again is told this; empty: it has
            none.
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
        asked = _hash(request.method.encode(), str(request.url).encode(), await names(request))
        kept = await replies.begin(key, asked)
        if kept is None:
            setattr(request.state, _CLAIM, _Claim(key, told_again))
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
    claim: _Claim | None = getattr(request.state, _CLAIM, None)
    if claim is None:
        return
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        await _forget(request)
        return
    replies: Replies = request.app.state.replies
    if claim.told_again and response.status_code < HTTPStatus.BAD_REQUEST:
        there = {"Location": response.headers["location"]}
        response = problem(HTTPStatus.CONFLICT, claim.told_again, headers=there)
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    try:
        await replies.finish(claim.key, response.status_code, headers, bytes(response.body))
    except StorageError as error:
        # It is done: whoever has asked is to know.
        log.warning("http_reply_not_kept", path=request.url.path[:200], error=str(error))


async def _forget(request: Request) -> None:
    claim: _Claim | None = getattr(request.state, _CLAIM, None)
    if claim is not None:
        replies: Replies = request.app.state.replies
        await replies.forget(claim.key)


def _hash(*parts: bytes) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()
