"""The first page: what goes on now, how today has been, and what somebody should look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from fastapi import APIRouter, Depends, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.flow.story import story
from ivrserver.storage.reports import LiveCall, Problems, TodayAndYesterday
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.portal.names import block_names
from ivrserver.web.portal.render import Pages, many


class Volume(Protocol):
    """Counts calls (`storage.reports.CallVolume`)."""

    async def today(self, now: datetime) -> TodayAndYesterday:
        """Today so far, beside yesterday."""
        ...


class LiveCalls(Protocol):
    """Looks at live calls (`storage.reports.LiveCalls`)."""

    async def calls(self, limit: int = 200) -> list[LiveCall]:
        """Those that are live now, the newest first."""
        ...


class ProblemReports(Protocol):
    """Looks for problems (`storage.reports.ProblemReports`)."""

    async def last_day(self, now: datetime) -> Problems:
        """Everything that was wrong during the last 24 hours."""
        ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that somebody should look at.

    Attributes:
        text: what is wrong.
        detail: why, as far as that is known.
        link: where its cause is shown.
        words: what the link is called.
    """

    text: str
    detail: str
    link: str
    words: str


@dataclass(frozen=True, slots=True)
class OverviewPages:
    """What the page needs."""

    pages: Pages
    guard: Guard
    volume: Volume
    live: LiveCalls
    problems: ProblemReports
    accounts: AccountReader

    def routes(self) -> APIRouter:
        """The page ``/``."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.CALLS_READ))

        @router.get("/")
        async def overview(request: Request, visitor: Visitor = reads) -> Response:
            now = datetime.now(UTC)
            account = await self.accounts.export()
            names = block_names(account)
            found = await self.problems.last_day(now)
            volume = await self.volume.today(now)
            labels, series = hours_of(volume)
            return self.pages.render(
                request,
                visitor,
                "overview/overview.html",
                today=volume.today,
                note=compared(volume.today.calls, volume.yesterday_so_far),
                yesterday=volume.yesterday,
                labels=labels,
                series=series,
                troubles=list(_troubles(found, names)),
                requests=found.requests,
                names=names,
                is_new=not account.numbers and not account.blocks,
                live=[(each, _doing(each)) for each in await self.live.calls()],
            )

        return router


def _doing(each: LiveCall) -> str:
    """What a call is doing, in the story's words; empty: nothing is known yet."""
    if each.last is None:
        return ""
    (line,) = story([each.last.entry])
    return f"{line.actor} {line.text}"


def _troubles(found: Problems, names: Any) -> Iterator[Trouble]:
    for each in found.webhooks:
        name = names.get(each.ivr_id, f"IVR {each.ivr_id}")
        yield Trouble(
            f"{each.failed_day:,} of {each.requests_day:,} webhook requests of {name} failed",
            each.last_error,
            f"/webhooks?ivr={each.ivr_id}&state=failed",
            "See the requests",
        )
    if found.failed_calls is not None:
        yield Trouble(
            f"{many(found.failed_calls.calls, 'call')} ended by an error of the server",
            "",
            "/calls?state=failed",
            "See the calls",
        )
    for gone in found.given_up:
        yield Trouble(
            f"{many(gone.jobs, f'{gone.kind} job')} given up",
            gone.error,
            f"/webhooks/jobs?kind={gone.kind}",
            "See the jobs",
        )
    if found.unstored is not None:
        yield Trouble(
            f"{many(found.unstored.recordings, 'recording')} not in the store",
            found.unstored.error,
            f"/calls/{found.unstored.call_id}"
            if found.unstored.call_id
            else "/calls?state=recorded",
            "See the newest",
        )


def compared(today: float | None, before: float | None) -> str:
    """How a number differs from yesterday's, in words; empty: there is nothing to compare."""
    if today is None or not before:
        return ""
    change = (today - before) / before
    if abs(change) < 0.005:  # noqa: PLR2004 - rounds to nothing
        return "as yesterday at this time"
    return f"{abs(change):.0%} {'more' if change > 0 else 'fewer'} than yesterday at this time"


def hours_of(volume: TodayAndYesterday) -> tuple[Sequence[str], Sequence[tuple[str, list[int]]]]:
    """The chart of today: labels, and series for it."""
    labels = [f"{each.begins:%H}:00" for each in volume.hours]
    missed = [each.calls - each.answered for each in volume.hours]
    series = [("Answered", [each.answered for each in volume.hours])]
    if any(missed):
        series.append(("Not answered", missed))
    return labels, series
