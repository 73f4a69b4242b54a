"""The settings in force over the API. They are changed in files, and read at the start."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.config import Settings
from ivrserver.config.origins import Origin
from ivrserver.config.told import Told, told
from ivrserver.web.access import Guard
from ivrserver.web.api.problems import responses


class Setting(BaseModel):
    """One setting of this controller."""

    name: str = Field(examples=["sip.port"])
    variable: str = Field(
        description="of the environment that sets it", examples=["IVRSERVER_SIP__PORT"]
    )
    value: str = Field(description="of a secret only: set, not set", examples=["5060"])
    default: str = Field(description="empty: there is none, or it is empty")
    origin: Origin = Field(description="start: the program has chosen it when it was started")
    secret: bool
    meaning: str


class SettingList(BaseModel):
    """All settings, as the reference has them."""

    items: list[Setting]
    next: str | None = Field(description="always null: there is one page")


def setting_routes(guard: Guard, settings: Settings) -> APIRouter:
    """The route."""
    router, reads = APIRouter(tags=["System"]), Depends(guard.api(Right.SYSTEM_READ))

    @router.get("/settings", responses=responses(401, 403))
    async def all_settings(visitor: Visitor = reads) -> SettingList:
        """The settings in force, and where each has come from. Secrets are never told."""
        del visitor
        items = [_told(each) for section in told(settings) for each in section.settings]
        return SettingList(items=items, next=None)

    return router


def _told(setting: Told) -> Setting:
    return Setting(
        name=setting.name,
        variable=setting.variable,
        value=setting.value,
        default=setting.default,
        origin=setting.origin,
        secret=setting.secret,
        meaning=setting.meaning,
    )
