"""Commands about jobs: what is done whether or not a caller waits for it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.cli.base import Context
from ivrserver.cli.stored import me, with_database
from ivrserver.flow.delivery import Delivery
from ivrserver.flow.jobs import WEBHOOK, Job, JobState
from ivrserver.flow.records import WebhookAttempt
from ivrserver.storage import Calls, Jobs

T = TypeVar("T")

_ERROR_SHOWN: Final = 60
_UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


@click.group(invoke_without_command=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--kind", default="", help="only jobs of this kind, such as webhook or mail")
@click.option("--state", type=click.Choice([state.value for state in JobState]), help="only these")
@click.pass_context
def jobs(context: click.Context, limit: int, kind: str, state: str | None) -> None:
    """List the newest jobs: webhooks, e-mail and what else is done in the background."""
    if context.invoked_subcommand is not None:
        return
    wanted = JobState(state) if state else None
    rows = _with_jobs(context.obj, lambda jobs: jobs.newest(limit, kind=kind, state=wanted))
    for job in rows:
        click.echo(_line(job))
    if not rows:
        click.echo("no jobs")


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.pass_obj
def show(context: Context, job_id: str) -> None:
    """Print everything about one job."""

    async def work(database: AsyncEngine) -> list[str]:
        job = await Jobs(database).one(job_id)
        if job is None:
            raise _unknown(job_id)
        details = await Calls(database).details(job.call_id) if job.call_id else None
        runs = () if details is None else details.respondents
        attempts = [each for run in runs if run.response_id == job.key for each in run.attempts]
        return [*_lines(job), *map(_request, attempts)]

    for line in with_database(context.settings(), work):
        click.echo(line)


@jobs.command()
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def retry(context: Context, job_ids: tuple[str, ...]) -> None:
    """Have jobs done now: those that wait, and those that have failed, for as long as new ones."""
    for job_id in job_ids:
        _change(context, job_id, lambda jobs, name: jobs.again(name, _now(), me()))
        click.echo(f"{job_id} is tried again within seconds, if the server runs")


@jobs.command()
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def cancel(context: Context, job_ids: tuple[str, ...]) -> None:
    """Have jobs tried no more. What is being done at this moment may still succeed."""
    for job_id in job_ids:
        _change(context, job_id, lambda jobs, name: jobs.cancel(name, _now(), me()))
        click.echo(f"{job_id} is cancelled")


def _change(
    context: Context,
    job_id: str,
    change: Callable[[Jobs, str], Coroutine[Any, Any, Job | None]],
) -> None:
    """Change a job; say why not, if not."""

    async def work(jobs: Jobs) -> None:
        if await change(jobs, job_id) is None:
            job = await jobs.one(job_id)
            if job is None:
                raise _unknown(job_id)
            doing = "being done at this moment" if job.state is JobState.STARTED else job.state
            raise click.ClickException(f"{job_id} is {doing}; nothing has been changed")

    _with_jobs(context, work)


def _with_jobs(context: Context, work: Callable[[Jobs], Coroutine[Any, Any, T]]) -> T:
    return with_database(context.settings(), lambda database: work(Jobs(database)))


def _unknown(job_id: str) -> click.ClickException:
    return click.ClickException(f"there is no job {job_id}; `ivrserver jobs` lists them")


def _now() -> datetime:
    return datetime.now(UTC)


# ---- how they are shown


def _line(job: Job) -> str:
    error = job.error[:_ERROR_SHOWN]
    tries = f"{job.attempts} {'try' if job.attempts == 1 else 'tries'}"
    age = _span(_now() - job.ordered_at)
    return f"{job.job_id:<38}  {_state(job):<21}  {tries:>9}  {age:>9} old  {error}".rstrip()


def _state(job: Job) -> str:
    """What has become of it, and when it is tried, if it waits."""
    if job.due_at is None:
        return job.state
    wait = job.due_at - _now()
    return "waiting, due now" if wait <= timedelta() else f"waiting, in {_span(wait)}"


def _span(time: timedelta) -> str:
    """A length of time in its largest unit: ``3 min``."""
    seconds = max(0.0, time.total_seconds())
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), ("s", 1))
    return f"{seconds // size:.0f} {unit}"


def _lines(job: Job) -> Iterator[str]:
    yield f"job       {job.job_id}"
    yield f"state     {_state(job)}"
    yield f"tried     {job.attempts} times" + (f", in run {job.run + 1}" if job.run else "")
    yield f"ordered   {_time(job.ordered_at)}"
    if job.run:
        yield f"since     {_time(job.since)}"
    if job.due_at is not None:
        yield f"due       {_time(job.due_at)}"
    if job.settled_at is not None:
        yield f"settled   {_time(job.settled_at)}"
    if job.error:
        yield f"error     {job.error}"
    if job.call_id:
        yield f"call      {job.call_id}   (ivrserver calls show {job.call_id})"
    if job.kind == WEBHOOK:
        for name, value in Delivery.of(job.key, job.call_id, job.detail).shown:
            yield f"tells     {name} = {value}"


def _request(attempt: WebhookAttempt) -> str:
    status = "" if attempt.status is None else f"{attempt.status} "
    came = f"{status}{attempt.error}".strip()
    where = f"{attempt.method} {attempt.url}"
    return f"request   {attempt.number}. {_time(attempt.at)}  {where}  {came}"


def _time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
