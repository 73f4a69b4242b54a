"""Voicemail over the API: boxes, their messages, what becomes of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Voicemail
from ivrserver.errors import NothingThere
from ivrserver.storage.reports import BoxCount, Inbox, MessageRow, MessageState, MessageText
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.api.answers import NOT_KEPT
from ivrserver.web.api.blocks import BlockId
from ivrserver.web.api.problems import responses

MessageId = Annotated[
    str, Path(max_length=40, pattern="^[A-Za-z0-9._-]+$", examples=["01J9ZC8M6T2Q0VN7D4K3B5X8RY"])
]
_KEPT: Final = (MessageState.NEW, MessageState.SAVED)


class Mailbox(BaseModel):
    """One box."""

    id: int = Field(description="of its block", examples=[303])
    name: str = Field(description="empty: the block is deleted", examples=["The office"])
    new: int = Field(description="messages nobody has heard yet")
    saved: int
    newest: datetime | None = Field(description="when the newest new message was left")


class MailboxList(BaseModel):
    """All boxes, in the account's order: there are never many."""

    items: list[Mailbox]
    next: None = None


class Transcript(BaseModel):
    """What was said in a message, as far as it is written down."""

    state: Literal["waiting", "done", "failed"]
    text: str = Field(
        description="empty: it is not there yet, or nothing could be made out",
        examples=["please call me back tomorrow morning"],
    )
    engine: str = Field(
        description="what has written it down; empty: nothing has", examples=["pocketsphinx"]
    )
    error: str = Field(
        description="why it is not there; `POST /jobs/JOB/retry` tries again what has failed"
    )
    job: str = Field(
        description="that writes it down",
        examples=["transcription-01J9ZC8M6T2Q0VN7D4K3B5X8RY"],
    )


class Message(BaseModel):
    """One message. Its sound is `/recordings/RECORDING`."""

    id: str
    mailbox: int
    call_id: str = Field(description="empty: the call is deleted already")
    left_at: datetime
    caller_id: str = Field(description="empty: unknown", examples=["2125550123"])
    seconds: float
    recording: str = Field(description="the name of what was said")
    state: Literal["new", "saved"]
    transcript: Transcript | None = Field(
        description="what was said; null: the box does not have its messages transcribed"
    )


class MessageList(BaseModel):
    """Messages, the newest first."""

    items: list[Message]
    next: str | None


class MessageChange(BaseModel, extra="forbid"):
    """What becomes of a message."""

    state: Literal["new", "saved"] = Field(description="saved: it was heard and is kept")


def mailbox_routes(guard: Guard, inbox: Inbox, accounts: AccountReader) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["Voicemail"])
    hears = Depends(guard.api(Right.RECORDINGS_READ))
    writes = Depends(guard.api(Right.MESSAGES_WRITE))

    @router.get("/mailboxes", responses=responses(401, 403, 503))
    async def all_mailboxes(visitor: Visitor = hears) -> MailboxList:
        """Every voicemail box, and how many messages it has."""
        del visitor
        return MailboxList(items=await _boxes(inbox, accounts))

    @router.get("/mailboxes/{block_id}/messages", responses=responses(401, 403, 404, 422, 503))
    async def messages_of_mailbox(
        block_id: BlockId,
        state: Annotated[Literal["new", "saved"] | None, Query(description="only these")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str, Query(max_length=500)] = "",
        visitor: Visitor = hears,
    ) -> MessageList:
        """The messages of a box, the newest first."""
        del visitor
        if block_id not in {each.id for each in await _boxes(inbox, accounts)}:
            raise NothingThere(f"there is no voicemail box {block_id}")
        states: Sequence[MessageState] = [MessageState(state)] if state else _KEPT
        page = await inbox.page(block_id, states, cursor=cursor or None, limit=limit)
        return MessageList(items=[_told(each) for each in page.items], next=page.next)

    one = "/messages/{message_id}"

    @router.get(one, response_model=Message, responses=responses(401, 403, 404, 422, 503))
    async def one_message(message_id: MessageId, visitor: Visitor = hears) -> Response:
        """One message."""
        del visitor
        found = await inbox.one(message_id)
        return _answer(found if found and found.state in _KEPT else None, message_id)

    @router.patch(one, response_model=Message, responses=responses(401, 403, 404, 422, 503))
    async def message_changed(
        message_id: MessageId, change: MessageChange, visitor: Visitor = writes
    ) -> Response:
        """Mark a message as new or saved: the phone and the message lamps go by the same."""
        moved = await inbox.move(message_id, MessageState(change.state), visitor.author)
        return _answer(moved, message_id)

    @router.delete(
        one, status_code=HTTPStatus.NO_CONTENT, responses=responses(401, 403, 404, 422, 503)
    )
    async def message_deleted(message_id: MessageId, visitor: Visitor = writes) -> None:
        """Delete a message; no e-mail about it is written any more."""
        if await inbox.move(message_id, MessageState.DELETED, visitor.author) is None:
            raise _gone(message_id)

    return router


async def _boxes(inbox: Inbox, accounts: AccountReader) -> list[Mailbox]:
    """Boxes of the account, then those that are deleted but have messages."""
    counts = await inbox.boxes()
    account = await accounts.export()
    names = {e.block_id: e.name for e in account.blocks if isinstance(e, Voicemail)}
    found = [counts.get(each, BoxCount(each)) for each in names]
    found += [count for box, count in counts.items() if box not in names]
    return [
        Mailbox(
            id=each.block_id,
            name=names.get(each.block_id, ""),
            new=each.new,
            saved=each.saved,
            newest=each.newest,
        )
        for each in found
    ]


def _told(row: MessageRow) -> Message:
    return Message(
        id=row.message_id,
        mailbox=row.block_id,
        call_id=row.call_id,
        left_at=row.left_at,
        caller_id=row.caller_id,
        seconds=row.seconds,
        recording=row.recording,
        state="new" if row.state is MessageState.NEW else "saved",
        transcript=None if row.said is None else _transcript(row.said),
    )


def _transcript(said: MessageText) -> Transcript:
    return Transcript(
        state=said.state.value,
        text=said.text,
        engine=said.engine,
        error=said.error,
        job=said.job_id,
    )


def _answer(row: MessageRow | None, message_id: str) -> Response:
    if row is None:
        raise _gone(message_id)
    tree = _told(row).model_dump(mode="json")
    return JSONResponse(tree, headers=NOT_KEPT)


def _gone(message_id: str) -> NothingThere:
    return NothingThere(f"there is no message {message_id}; it may be deleted")
