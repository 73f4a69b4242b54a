"""Where calls can go, as a graph, and what is wrong with it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.blocks.graph import EdgeKind, NodeKind, draw
from ivrserver.blocks.graph.model import block_name
from ivrserver.blocks.graph.problems import Weight, troubles
from ivrserver.blocks.lint import Known
from ivrserver.errors import NothingThere
from ivrserver.web.access import Guard
from ivrserver.web.api.editing import Editor
from ivrserver.web.api.problems import responses


class MapNode(BaseModel):
    """One thing that a call can be at."""

    name: str = Field(examples=["question:100:2"])
    kind: NodeKind
    title: str = Field(examples=["Department"])
    detail: str = Field(examples=["Question 2"])
    block_id: int | None = Field(description="the block that it is, or is a part of")
    question_id: int | None


class MapWay(BaseModel):
    """One way on from a node."""

    source: str = Field(examples=["question:100:2"])
    target: str = Field(examples=["block:200"])
    kind: EdgeKind
    label: str = Field(
        description="as people say it; empty: the call just goes on", examples=["key 2 · billing"]
    )


class MapProblem(BaseModel):
    """What is wrong at a node, or doubtful."""

    node: str = Field(examples=["block:200"])
    about: str = Field(examples=["block 200 (Sales)"])
    weight: Weight
    text: str


class FlowMap(BaseModel):
    """Where calls can go; problems are those of the whole account, the worst first."""

    nodes: list[MapNode]
    ways: list[MapWay]
    problems: list[MapProblem]


def flow_map_routes(guard: Guard, editor: Editor) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["Flow map"])
    reads = Depends(guard.api(Right.FLOWS_READ))

    @router.get("/flow-map", responses=responses(401, 403, 404, 422, 503))
    async def flow_map(
        visitor: Visitor = reads,
        block: Annotated[
            int | None, Query(description="only what leads to it, and where that leads")
        ] = None,
        detail: Annotated[
            Literal["blocks", "questions"], Query(description="with questions or without")
        ] = "questions",
    ) -> FlowMap:
        """Numbers, blocks, questions and every way between them, with what is broken."""
        del visitor
        account = await editor.account()
        graph = draw(account)
        found = troubles(account, graph, Known(phones=await editor.phones()))
        shown = graph if detail == "questions" else graph.overview()
        if block is not None:
            if block_name(block) not in graph.named():
                raise NothingThere(f"there is no block {block}")
            shown = shown.around(block_name(block))
        return FlowMap(
            nodes=[MapNode.model_validate(node, from_attributes=True) for node in shown.nodes],
            ways=[MapWay.model_validate(edge, from_attributes=True) for edge in shown.edges],
            problems=[MapProblem.model_validate(each, from_attributes=True) for each in found],
        )

    return router
