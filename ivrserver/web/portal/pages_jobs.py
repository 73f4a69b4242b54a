"""What calls have left to be done: webhooks, e-mail, transcriptions; tried again by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.flow.jobs import (
    MAIL,
    ORDERED,
    POSTBACK,
    TRANSCRIPTION,
    WEBHOOK,
    Job,
    JobCount,
    JobState,
)
from ivrserver.storage import Jobs
from ivrserver.web.access import Guard
from ivrserver.web.portal.errors import is_partial
from ivrserver.web.portal.render import Pages

PAGE: Final = 50
PATH: Final = "/webhooks/jobs"
KINDS: Final = {
    WEBHOOK: "Webhook",
    MAIL: "E-mail about voicemail",
    TRANSCRIPTION: "Transcription",
    POSTBACK: "Transcript to the web server",
}
STATES: Final = {
    JobState.FAILED: "Given up",
    JobState.WAITING: "Waiting",
    JobState.STARTED: "Being done",
    JobState.CANCELLED: "Cancelled",
    JobState.DONE: "Done",
}
_SOON: Final = timedelta(seconds=10)
JobId = Annotated[str, Path(max_length=120)]


@dataclass(frozen=True, slots=True)
class JobPages:
    """What the pages need."""

    pages: Pages
    guard: Guard
    jobs: Jobs

    def routes(self) -> APIRouter:
        """The page ``/webhooks/jobs``, and what is done to jobs."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.CALLS_READ))
        writes = Depends(self.guard.page(Right.CALLS_WRITE))

        @router.get(PATH)
        async def listed(
            request: Request,
            kind: Annotated[str, Query(max_length=20)] = "",
            state: Annotated[str, Query(max_length=20)] = JobState.FAILED.value,
            cursor: Annotated[str, Query(max_length=500)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            page = await self.jobs.page(
                [kind] if kind in KINDS else ORDERED,
                JobState(state) if state in list(JobState) else None,
                cursor=cursor or None,
                limit=PAGE,
            )
            return self.pages.render(
                request, visitor, "webhooks/jobs.html",
                page=page, kind=kind, state=state, kinds=KINDS, states=STATES,
                under_way=under_way,
                given_up=given_up(await self.jobs.counts()),
            )  # fmt: skip

        @router.get(PATH + "/{job_id}")
        async def one(request: Request, job_id: JobId, visitor: Visitor = reads) -> Response:
            """How far a job is, as a part of pages."""
            return self._shown(request, visitor, await self._of_calls(job_id))

        @router.post(PATH + "/{job_id}/again")
        async def again(
            request: Request,
            job_id: JobId,
            number: Annotated[str, Form(max_length=10)] = "",
            visitor: Visitor = writes,
        ) -> Response:
            return await self._change(request, visitor, job_id, number, "again")

        @router.post(PATH + "/{job_id}/cancel")
        async def cancel(
            request: Request,
            job_id: JobId,
            number: Annotated[str, Form(max_length=10)] = "",
            visitor: Visitor = writes,
        ) -> Response:
            return await self._change(request, visitor, job_id, number, "cancel")

        return router

    async def _of_calls(self, job_id: str) -> Job:
        job = await self.jobs.one(job_id)
        if job is None or job.kind not in ORDERED:
            text = "there is no such job; it may be too old to be kept"
            raise HTTPException(HTTPStatus.NOT_FOUND, text)
        return job

    async def _change(
        self, request: Request, visitor: Visitor, job_id: str, number: str, what: str
    ) -> Response:
        job = await self._of_calls(job_id)
        change = self.jobs.again if what == "again" else self.jobs.cancel
        changed = await change(job_id, datetime.now(UTC), visitor.author)
        if is_partial(request):
            return self._shown(request, visitor, changed or await self._of_calls(job_id))
        text, tone = _TOLD[what, changed is not None]
        back = PATH
        if job.kind == WEBHOOK and number.isascii() and number.isdigit():
            back = f"/webhooks/{job.key}/{number}"
        return self.pages.redirect(request, back, text, tone)

    def _shown(self, request: Request, visitor: Visitor, job: Job) -> Response:
        return self.pages.render(
            request, visitor, "webhooks/job.html", job=job, under_way=under_way
        )


_TOLD: Final[dict[tuple[str, bool], Any]] = {
    ("again", True): ("It is tried again within seconds.", "ok"),
    ("again", False): ("It is being done at this moment.", "info"),
    ("cancel", True): ("It is cancelled.", "ok"),
    ("cancel", False): ("It was over already.", "info"),
}


def under_way(state: JobState | None, due: datetime | None) -> bool:
    """Whether something becomes of a job within seconds, so that it is worth looking again."""
    if state is JobState.WAITING:
        return due is not None and due - datetime.now(UTC) < _SOON
    return state is JobState.STARTED


def given_up(counts: Sequence[JobCount]) -> int:
    """How many jobs of calls are not tried any more."""
    failed = [each for each in counts if each.state is JobState.FAILED and each.kind in ORDERED]
    return sum(each.count for each in failed)
