"""What calls have left to be done, over the API: listed, tried again, cancelled."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.errors import NothingThere
from ivrserver.flow.jobs import ORDERED, Job, JobState
from ivrserver.storage import Jobs
from ivrserver.web.access import Guard
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses

Kind = Literal["webhook", "mail", "transcription", "postback"]
JobId = Annotated[
    str,
    Path(max_length=120, pattern="^[A-Za-z0-9._:-]+$", examples=["webhook-01J9ZC8M6T2Q0VN7D4K3B5"]),
]
_CHANGED = responses(401, 403, 404, 409, 422, 503)


class JobTold(BaseModel):
    """One job."""

    id: str = Field(examples=["webhook-01J9ZC8M6T2Q0VN7D4K3B5"])
    kind: str = Field(examples=["webhook"])
    key: str = Field(description="what it is about; of a webhook the respondent's id")
    call_id: str = Field(description="empty: it outlives its call")
    state: JobState
    due_at: datetime | None = Field(description="null: it does not wait")
    attempts: int = Field(description="in this run")
    run: int = Field(description="how often somebody had it done again")
    error: str = Field(description="why it is not done yet, or not wholly")
    ordered_at: datetime
    settled_at: datetime | None = Field(description="null: it waits, or is being done")


class JobList(BaseModel):
    """Jobs, the newest first."""

    items: list[JobTold]
    next: str | None


def job_routes(guard: Guard, jobs: Jobs) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["Jobs"], route_class=Once)
    reads = Depends(guard.api(Right.CALLS_READ))
    writes = Depends(guard.api(Right.CALLS_WRITE))
    once = [Depends(acts_once(writes))]

    @router.get("/jobs", responses=responses(401, 403, 422, 503))
    async def all_jobs(
        kind: Annotated[Kind | None, Query(description="only these")] = None,
        state: Annotated[JobState | None, Query(description="only these")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str, Query(max_length=500)] = "",
        visitor: Visitor = reads,
    ) -> JobList:
        """What calls have left to be done: webhooks, e-mail, transcriptions."""
        del visitor
        kinds = [kind] if kind else ORDERED
        page = await jobs.page(kinds, state, cursor=cursor or None, limit=limit)
        return JobList(items=[told(each) for each in page.items], next=page.next)

    @router.get("/jobs/{job_id}", responses=responses(401, 403, 404, 422, 503))
    async def one_job(job_id: JobId, visitor: Visitor = reads) -> JobTold:
        """One of them."""
        del visitor
        return told(await job_of_calls(jobs, job_id))

    @router.post("/jobs/{job_id}/retry", responses=_CHANGED, dependencies=once)
    async def job_retried(job_id: JobId, visitor: Visitor = writes) -> JobTold:
        """Have it done now; what had failed is tried as long as if it were new."""
        return await retried(jobs, job_id, visitor)

    @router.post("/jobs/{job_id}/cancel", responses=_CHANGED, dependencies=once)
    async def job_cancelled(job_id: JobId, visitor: Visitor = writes) -> JobTold:
        """Have it tried no more."""
        job = await job_of_calls(jobs, job_id)
        changed = await jobs.cancel(job_id, datetime.now(UTC), visitor.author)
        if changed is None:
            raise HTTPException(HTTPStatus.CONFLICT, f"{job_id} is {job.state} already")
        return told(changed)

    return router


async def job_of_calls(jobs: Jobs, job_id: str) -> Job:
    """That job, if a call has ordered it.

    Raises:
        NothingThere: there is no such job, or it is one of the server's own.
    """
    job = await jobs.one(job_id)
    if job is None or job.kind not in ORDERED:
        raise NothingThere(f"there is no job {job_id}; it may be too old to be kept")
    return job


async def retried(jobs: Jobs, job_id: str, visitor: Visitor) -> JobTold:
    """Have a job done again, for an answer.

    Raises:
        NothingThere: there is no such job.
        HTTPException: it is being done at this moment (409).
    """
    await job_of_calls(jobs, job_id)
    changed = await jobs.again(job_id, datetime.now(UTC), visitor.author)
    if changed is None:
        raise HTTPException(HTTPStatus.CONFLICT, f"{job_id} is being done at this moment")
    return told(changed)


def told(job: Job) -> JobTold:
    """A job as an answer; what callers have typed is not in it."""
    names = JobTold.model_fields.keys() - {"id"}
    return JobTold(id=job.job_id, **{name: getattr(job, name) for name in names})
