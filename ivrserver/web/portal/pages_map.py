"""The page with the map of the whole account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks.graph import draw
from ivrserver.blocks.graph.model import block_name
from ivrserver.blocks.graph.problems import troubles
from ivrserver.blocks.lint import Known
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.portal.flow_map import flow_map
from ivrserver.web.portal.render import Pages


def map_pages(
    pages: Pages,
    guard: Guard,
    accounts: AccountReader,
    phones: Callable[[], Awaitable[Mapping[str, str]]],
) -> APIRouter:
    """The page ``/map``.

    Args:
        pages: makes it.
        guard: lets in who may see flows.
        accounts: what is drawn.
        phones: tells the extension of each registered phone, by its name; users have none.
    """
    router = APIRouter(include_in_schema=False)
    reads = Depends(guard.page(Right.FLOWS_READ))

    @router.get("/map")
    async def page(
        request: Request,
        visitor: Visitor = reads,
        block: Annotated[int | Literal[""], Query()] = "",
        detail: Annotated[Literal["blocks", "questions"], Query()] = "blocks",
    ) -> Response:
        account = await accounts.export()
        graph = draw(account)
        found = troubles(account, graph, Known(phones=await phones()))
        shown = graph if detail == "questions" else graph.overview()
        if block:
            if block_name(block) not in graph.named():
                raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no block {block}")
            shown = shown.around(block_name(block))
        return pages.render(
            request,
            visitor,
            "flows/map.html",
            map=flow_map(shown, found),
            blocks=[(each.block_id, f"{each.name} ({each.block_id})") for each in account.blocks],
            block=block,
            detail=detail,
        )

    return router
