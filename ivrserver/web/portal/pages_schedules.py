"""All opening hours and holidays of the account in one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import FindMe, Receptionist
from ivrserver.blocks.forms import form_of
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.portal.places import KIND_ICONS
from ivrserver.web.portal.render import Pages
from ivrserver.web.portal.schedules import ShownSchedule


def schedule_pages(
    pages: Pages,
    guard: Guard,
    accounts: AccountReader,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """The page ``/schedules``.

    Args:
        pages: makes it.
        guard: lets in who may see flows.
        accounts: has the blocks.
        now: the time, in UTC.
    """
    router = APIRouter(include_in_schema=False)
    reads = Depends(guard.page(Right.FLOWS_READ))

    @router.get("/schedules")
    async def page(request: Request, visitor: Visitor = reads) -> Response:
        account, moment = await accounts.export(), now()
        blocks = [each for each in account.blocks if isinstance(each, FindMe | Receptionist)]
        return pages.render(
            request, visitor, "schedules/all.html",
            scheduled=[
                (block, _icon(block), ShownSchedule.of(block.schedule, moment, pages.zone))
                for block in blocks if _has_hours(block)
            ],
            always=[(block, _icon(block)) for block in blocks if not _has_hours(block)],
        )  # fmt: skip

    return router


def _has_hours(block: FindMe | Receptionist) -> bool:
    return bool(block.schedule.hours or block.schedule.holidays)


def _icon(block: FindMe | Receptionist) -> str:
    return KIND_ICONS[form_of(block).tree()["kind"]]
