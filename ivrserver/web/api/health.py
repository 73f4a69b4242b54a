"""How the system is over the API: its parts, controllers, Asterisks, and what the doctor finds."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ivrserver import __version__
from ivrserver.access import Right, Visitor
from ivrserver.web.access import Guard
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses
from ivrserver.web.system import Doctor, System, is_there


class AsteriskTold(BaseModel):
    """One Asterisk."""

    name: str
    address: str = Field(description="of its ARI", examples=["127.0.0.1 port 8088"])
    problem: str = Field(description="empty: it answers")
    version: str = Field(examples=["22.5.2"])
    started_at: datetime | None


class Health(BaseModel):
    """How this controller is."""

    status: Literal["ok", "degraded", "failing"] = Field(
        description="degraded: calls are served, something is missing; failing: none are"
    )
    version: str
    parts: dict[str, str] = Field(description="what is wrong with each; empty: nothing")
    asterisks: list[AsteriskTold]


class FindingTold(BaseModel):
    """What was found about one part of this machine."""

    name: str = Field(examples=["disk (data)"])
    ok: bool
    detail: str
    mend: str = Field(description="what to do; empty: nothing")


class Examination(BaseModel):
    """The newest examination by the doctor."""

    goes_on: bool
    began_at: datetime | None = Field(description="null: there has been none")
    ended_at: datetime | None
    findings: list[FindingTold] = Field(description="as far as it is")


class Controller(BaseModel):
    """One of the controllers that share the database."""

    name: str
    works: bool = Field(description="it has shown so lately")
    released: bool = Field(description="it has left, or was found dead")
    started_at: datetime
    beaten_at: datetime = Field(description="when it last showed that it works")
    calls: int = Field(description="that it carries")


class ControllerList(BaseModel):
    """All of them, by name."""

    items: list[Controller]
    next: str | None = Field(description="always null: there is one page")


def health_routes(guard: Guard, system: System) -> APIRouter:
    """The routes."""
    reads = Depends(guard.api(Right.SYSTEM_READ))
    router = APIRouter(tags=["System"], route_class=Once)

    @router.get("/health", responses=responses(401, 403))
    async def health(visitor: Visitor = reads) -> Health:
        """How this controller is now, and every Asterisk."""
        del visitor
        found = await system.ready.examine()
        return Health(
            status=found.status,
            version=__version__,
            parts=dict(found.parts),
            asterisks=[
                AsteriskTold(
                    name=each.name,
                    address=each.address,
                    problem=each.problem,
                    version=each.version,
                    started_at=each.started_at,
                )
                for each in await system.places.look()
            ],
        )

    @router.get("/health/examination", responses=responses(401, 403))
    async def newest_examination(visitor: Visitor = reads) -> Examination:
        """What the doctor has found on the controller's machine."""
        del visitor
        return _told(system.doctor)

    @router.post(
        "/health/examination",
        status_code=HTTPStatus.ACCEPTED,
        responses=responses(401, 403, 409, 422, 503),
        dependencies=[Depends(acts_once(reads))],
    )
    async def examine(visitor: Visitor = reads) -> Examination:
        """Let the doctor look at every part; it takes some seconds, and changes nothing."""
        del visitor
        system.doctor.begin()
        return _told(system.doctor)

    @router.get("/controllers", responses=responses(401, 403, 503))
    async def all_controllers(visitor: Visitor = reads) -> ControllerList:
        """The controllers that share the database."""
        del visitor
        now = datetime.now(UTC)
        items = [
            Controller(
                name=each.name,
                works=is_there(each, system.settings, now),
                released=each.released,
                started_at=each.started_at,
                beaten_at=each.beaten_at,
                calls=each.calls,
            )
            for each in await system.controllers.all()
        ]
        return ControllerList(items=items, next=None)

    return router


def _told(doctor: Doctor) -> Examination:
    return Examination(
        goes_on=doctor.goes_on,
        began_at=doctor.began_at,
        ended_at=doctor.ended_at,
        findings=[
            FindingTold(name=each.name, ok=each.ok, detail=each.detail, mend=each.mend)
            for each in doctor.findings
        ],
    )
