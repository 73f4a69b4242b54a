"""Trunks, phones and softphones over the API, as every Asterisk sees them. No passwords."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.web.access import Guard
from ivrserver.web.api.problems import responses
from ivrserver.web.system import PeerSeen, State, System, phones_seen, softphones_seen, trunks_seen


class ContactTold(BaseModel):
    """Where one is reached."""

    address: str = Field(examples=["192.0.2.7:5060"])
    answers: bool | None = Field(description="null: it is not asked, or not yet")
    milliseconds: float | None = Field(description="that its last answer took; null: none")


class AtAsterisk(BaseModel):
    """How one is, as one Asterisk sees it."""

    asterisk: str = Field(examples=["main"])
    state: State = Field(
        description="away: a phone that is not registered; unknown: Asterisk does not answer"
    )
    text: str = Field(description="for people", examples=["registered"])
    mend: str = Field(description="what to do; empty: nothing")
    channels: int = Field(description="of calls that it is in")
    contacts: list[ContactTold] | None = Field(
        description="null: only the machine that Asterisk runs on can tell"
    )


class Trunk(BaseModel):
    """One trunk of the settings."""

    name: str
    host: str
    transport: Literal["udp", "tcp", "tls"]
    srtp: bool
    registers: bool
    prefixes: list[str]
    at: list[AtAsterisk]


class Phone(BaseModel):
    """One phone of the settings."""

    name: str
    extension: str
    srtp: bool
    at: list[AtAsterisk]


class Softphone(BaseModel):
    """One page of a user that is open in a browser."""

    user: str
    asterisk: str
    channels: int = Field(description="of calls that it is in")


class TrunkList(BaseModel):
    """All trunks, as in the settings."""

    items: list[Trunk]
    next: str | None = Field(description="always null: there is one page")


class PhoneList(BaseModel):
    """All phones, as in the settings, and softphones that are there now."""

    items: list[Phone]
    softphones: list[Softphone]
    next: str | None = Field(description="always null: there is one page")


def peer_routes(guard: Guard, system: System) -> APIRouter:
    """The routes."""
    router, reads = APIRouter(tags=["System"]), Depends(guard.api(Right.SYSTEM_READ))
    settings = system.settings

    @router.get("/trunks", responses=responses(401, 403))
    async def all_trunks(visitor: Visitor = reads) -> TrunkList:
        """Trunks, whether they answer and whether we are registered."""
        del visitor
        seen = list(trunks_seen(settings, await system.places.look()))
        items = [
            Trunk(
                name=name,
                host=trunk.host,
                transport=trunk.transport,
                srtp=trunk.srtp,
                registers=trunk.registers,
                prefixes=list(trunk.prefixes),
                at=_at(name, seen),
            )
            for name, trunk in settings.trunks.items()
        ]
        return TrunkList(items=items, next=None)

    @router.get("/phones", responses=responses(401, 403))
    async def all_phones(visitor: Visitor = reads) -> PhoneList:
        """Phones, and whether they are registered; softphones that are there now."""
        del visitor
        places = await system.places.look()
        seen = list(phones_seen(settings, places))
        items = [
            Phone(name=name, extension=each.extension, srtp=each.srtp, at=_at(name, seen))
            for name, each in settings.phones.items()
        ]
        softphones = [
            Softphone(user=each.name, asterisk=each.asterisk, channels=each.channels)
            for each in softphones_seen(places)
        ]
        return PhoneList(items=items, softphones=softphones, next=None)

    return router


def _at(name: str, seen: Iterable[PeerSeen]) -> list[AtAsterisk]:
    return [
        AtAsterisk(
            asterisk=each.asterisk,
            state=each.state,
            text=each.text,
            mend=each.mend,
            channels=each.channels,
            contacts=None
            if each.contacts is None
            else [
                ContactTold(address=one.address, answers=one.answers, milliseconds=one.milliseconds)
                for one in each.contacts
            ],
        )
        for each in seen
        if each.name == name
    ]
