"""Voicemail: boxes with their messages, heard and sorted in a browser.

The database is where the phone and the browser meet: what is saved or deleted here, the owner does
not hear as new by phone, and the message lamps follow within a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Voicemail
from ivrserver.flow.jobs import JobState
from ivrserver.storage import Jobs
from ivrserver.storage.reports import BoxCount, Inbox, MessageRow, MessageState, MessageText
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.portal.errors import is_partial
from ivrserver.web.portal.names import block_names
from ivrserver.web.portal.pages_jobs import under_way
from ivrserver.web.portal.render import Pages

PAGE: Final = 20
_MOST_SHOWN: Final = 200
_KEPT: Final = (MessageState.NEW, MessageState.SAVED)
_RESTORED: Final = "restored"
"""What a form says to take back that a message was deleted."""
_TOLD: Final = {
    MessageState.NEW.value: "It is a new message again.",
    MessageState.SAVED.value: "The message is saved.",
    MessageState.DELETED.value: "The message is deleted.",
    _RESTORED: "The message is back.",
}
BoxId = Annotated[int, Path(ge=0, le=2**31 - 1)]
MessageId = Annotated[str, Path(max_length=40)]


@dataclass(frozen=True, slots=True)
class VoicemailPages:
    """What the pages need."""

    pages: Pages
    guard: Guard
    inbox: Inbox
    jobs: Jobs
    accounts: AccountReader

    def routes(self) -> APIRouter:
        """The pages ``/voicemail`` and ``/voicemail/ID``, and what becomes of messages."""
        router = APIRouter(include_in_schema=False)
        self._read(router)
        self._change(router)
        self._said(router)
        return router

    def _read(self, router: APIRouter) -> None:
        reads = Depends(self.guard.page(Right.RECORDINGS_READ))

        @router.get("/voicemail")
        async def boxes(request: Request, visitor: Visitor = reads) -> Response:
            counts = await self.inbox.boxes()
            shown = _boxes(await self.accounts.export(), counts)
            return self.pages.render(request, visitor, "voicemail/boxes.html", boxes=shown)

        @router.get("/voicemail/{block_id}")
        async def box(
            request: Request,
            block_id: BoxId,
            state: Annotated[str, Query(max_length=20)] = "",
            cursor: Annotated[str, Query(max_length=500)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            count = (await self.inbox.boxes()).get(block_id, BoxCount(block_id))
            name = await self._name(block_id, known=bool(count.new or count.saved))
            page = await self.inbox.page(
                block_id, _states(state), cursor=cursor or None, limit=PAGE
            )
            return self.pages.render(
                request, visitor, "voicemail/box.html",
                name=name, count=count, page=page, state=state, first=not page.previous,
                is_soon=is_soon,
            )  # fmt: skip

        @router.get("/voicemail/{block_id}/news")
        async def news(
            request: Request,
            block_id: BoxId,
            shown: Annotated[list[str] | None, Query(max_length=_MOST_SHOWN)] = None,
            state: Annotated[str, Query(max_length=20)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            """What a page that shows some messages lacks: new ones, and what has become of them."""
            before = dict(each.rpartition("~")[::2] for each in shown or ())
            page = await self.inbox.page(block_id, _states(state), limit=PAGE)
            oldest = min(before, default="")
            now = await self.inbox.some(before)
            return self.pages.render(
                request, visitor, "voicemail/news.html",
                came=[
                    each for each in page.items
                    if each.message_id not in before and each.message_id > oldest
                ],
                changed=[each for name, each in now.items() if before[name] != each.state],
                state=state, is_soon=is_soon,
                **await self._count(block_id),
            )  # fmt: skip

    def _change(self, router: APIRouter) -> None:
        writes = Depends(self.guard.page(Right.MESSAGES_WRITE))

        @router.post("/voicemail/{block_id}/{message_id}")
        async def change(
            *,
            request: Request,
            block_id: BoxId,
            message_id: MessageId,
            becomes: Annotated[str, Form(max_length=20)],
            state: Annotated[str, Query(max_length=20)] = "",
            visitor: Visitor = writes,
        ) -> Response:
            if becomes not in _TOLD:
                text = f"{becomes!r} is no state of a message"
                raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, text)
            message = await self._one(block_id, message_id)
            if becomes == _RESTORED:
                await self.inbox.restore(message_id, visitor.author)
            else:
                await self.inbox.move(message_id, MessageState(becomes), visitor.author)
            if not is_partial(request):
                return self.pages.redirect(request, f"/voicemail/{block_id}", _TOLD[becomes])
            now = await self.inbox.one(message_id) or message
            whole = MessageState.DELETED in {message.state, now.state}
            changed = self.pages.render(
                request, visitor, "voicemail/changed.html",
                message=now, whole=whole, state=state, is_soon=is_soon,
                **await self._count(block_id),
            )  # fmt: skip
            if whole:
                changed.headers["HX-Retarget"] = f"#message-{message_id}"
            return changed

    def _said(self, router: APIRouter) -> None:
        reads = Depends(self.guard.page(Right.RECORDINGS_READ))
        writes = Depends(self.guard.page(Right.CALLS_WRITE))
        path = "/voicemail/{block_id}/{message_id}/said"

        @router.get(path)
        async def said(
            request: Request, block_id: BoxId, message_id: MessageId, visitor: Visitor = reads
        ) -> Response:
            """What was said in a message, as a part of pages."""
            return await self._shown(request, visitor, block_id, message_id)

        @router.post(path)
        async def write_again(
            request: Request, block_id: BoxId, message_id: MessageId, visitor: Visitor = writes
        ) -> Response:
            """Have it written down again."""
            message = await self._one(block_id, message_id)
            if message.said is not None:
                await self.jobs.again(message.said.job_id, datetime.now(UTC), visitor.author)
            if not is_partial(request):
                text = "It is transcribed again within seconds."
                return self.pages.redirect(request, f"/voicemail/{block_id}", text)
            return await self._shown(request, visitor, block_id, message_id)

    async def _shown(
        self, request: Request, visitor: Visitor, block_id: int, message_id: str
    ) -> Response:
        message = await self._one(block_id, message_id)
        return self.pages.render(
            request, visitor, "voicemail/said.html", message=message, is_soon=is_soon
        )

    async def _one(self, block_id: int, message_id: str) -> MessageRow:
        message = await self.inbox.one(message_id)
        if message is None or message.block_id != block_id:
            text = "there is no such message; it may be too old to be kept"
            raise HTTPException(HTTPStatus.NOT_FOUND, text)
        return message

    async def _count(self, block_id: int) -> dict[str, Any]:
        return {"count": (await self.inbox.boxes()).get(block_id, BoxCount(block_id))}

    async def _name(self, block_id: int, *, known: bool) -> str:
        account = await self.accounts.export()
        for block in account.blocks:
            if block.block_id == block_id and isinstance(block, Voicemail):
                return block.name
        if not known:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no voicemail box {block_id}")
        return f"Box {block_id}, which is deleted"


def is_soon(said: MessageText) -> bool:
    """Whether something becomes of a text that is waited for within seconds."""
    return under_way(JobState.STARTED if said.due is None else JobState.WAITING, said.due)


def _boxes(account: Account, counts: Mapping[int, BoxCount]) -> Sequence[tuple[str, BoxCount]]:
    """The boxes of the account in its order, then those that are gone but have messages."""
    there = [each.block_id for each in account.blocks if isinstance(each, Voicemail)]
    gone = [block_id for block_id in counts if block_id not in there]
    names = block_names(account)
    return [
        *((names[each], counts.get(each, BoxCount(each))) for each in there),
        *((f"Box {each}, which is deleted", counts[each]) for each in gone),
    ]


def _states(state: str) -> Sequence[MessageState]:
    return [MessageState(state)] if state in _KEPT else _KEPT
