"""Signing in at a provider of OpenID Connect: there by a link, and back with a code."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from ivrserver.access import Author, Role, checked_name
from ivrserver.config import OidcSettings
from ivrserver.errors import ProviderFailed, UserRefused, UserUnknown
from ivrserver.storage import User, Users
from ivrserver.web.access.cookies import Cookie
from ivrserver.web.access.doors import Doors
from ivrserver.web.access.guard import SIGN_IN
from ivrserver.web.access.origin import address_of, local_path
from ivrserver.web.access.provider import Pending, Provider

OPENID: Final = f"{SIGN_IN}/openid"
BACK: Final = f"{OPENID}/back"
_LASTS: Final = timedelta(minutes=10)
"""How long somebody may take to sign in at the provider."""
_VIA: Final = "OpenID Connect"
_ORDER: Final = list(Role)
"""The highest last."""


def openid_routes(doors: Doors, settings: OidcSettings) -> APIRouter:
    """The routes; none without an issuer."""
    router = APIRouter()
    if not settings.issuer:
        return router
    provider = Provider(settings)
    cookie = Cookie(doors.public_url, "ivrserver-openid")

    def back(request: Request) -> str:
        return (doors.public_url or str(request.base_url).rstrip("/")) + BACK

    def refused(request: Request, why: str) -> Response:
        doors.strangers.wrong(request, f"{_VIA}: {why}")
        answer = doors.pages.render(
            request,
            None,
            "access/sign_in.html",
            status=HTTPStatus.FORBIDDEN,
            name="",
            next="/",
            error=f"You could not be signed in: {why}.",
            openid=settings.label,
            openid_path=OPENID,
        )
        cookie.clear(request, answer)
        return answer

    @router.get(OPENID)
    async def go(request: Request, next: str = "/") -> Response:  # noqa: A002 - as the address calls it
        doors.strangers.admit(request)
        pending = Pending.new(local_path(next))
        try:
            there = await provider.address(pending, back(request))
        except ProviderFailed as error:
            return refused(request, str(error))
        answer = RedirectResponse(there, HTTPStatus.SEE_OTHER)
        cookie.set(request, answer, pending.cookie, _LASTS)
        return answer

    @router.get(BACK)
    async def come_back(
        request: Request, code: str = "", state: str = "", error: str = ""
    ) -> Response:
        doors.strangers.admit(request)
        pending = Pending.read(cookie.read(request))
        if pending is None or not hmac.compare_digest(state.encode(), pending.state.encode()):
            return refused(request, "this sign-in was begun elsewhere or too long ago; begin again")
        if error or not code:
            return refused(request, f"the provider says {error[:100] or 'nothing'}")
        try:
            claims = await provider.claims(code, pending, back(request))
            author_address = address_of(request)
            user = await user_of(claims, settings, doors.users, author_address)
        except (ProviderFailed, UserRefused, UserUnknown) as failed:
            return refused(request, str(failed))
        answer = await doors.let_in(request, user.name, pending.next, via=_VIA)
        cookie.clear(request, answer)
        return answer

    return router


def openid_link(settings: OidcSettings, to: str) -> Mapping[str, str]:
    """What the sign-in page needs to lead there."""
    return {"openid": settings.label if settings.issuer else "",
            "openid_path": f"{OPENID}?{urlencode({'next': to})}"}  # fmt: skip


async def user_of(
    claims: Mapping[str, Any], settings: OidcSettings, users: Users, address: str
) -> User:
    """Whom the provider has signed in, with the role that it gives.

    Raises:
        UserUnknown: nobody here.
        UserRefused: they may not come in, or their name is somebody else's.
    """
    subject = f"{claims['iss']} {claims['sub']}"
    role = _role(claims.get(settings.groups_claim), settings)
    user = await users.by_subject(subject)
    if user is None:
        name = _name(claims, settings)
        author = Author(name, _VIA, address)
        user = await _newcomer(
            users, author, subject, role or Role.VIEWER, make=settings.make_users
        )
    if user.disabled:
        raise UserRefused("you are disabled here")
    if role is not None and role is not user.role:
        user = await users.change(user.name, Author(user.name, _VIA, address), role=role)
    return user


async def _newcomer(users: Users, author: Author, subject: str, role: Role, *, make: bool) -> User:
    """Who has never come from the provider: known here by name already, or to be made."""
    name = author.name
    try:
        await users.get(name)
    except UserUnknown:
        if not make:
            raise UserUnknown(f"there is no user {name} here; ask an admin") from None
        return await users.add(name, role, author, subject=subject)
    await users.link(name, subject, author)
    return await users.get(name)


def _name(claims: Mapping[str, Any], settings: OidcSettings) -> str:
    """What somebody is called here."""
    claimed = str(claims.get(settings.name_claim, ""))
    return checked_name(claimed.strip().casefold().partition("@")[0])


def _role(groups: Any, settings: OidcSettings) -> Role | None:
    """The highest role of somebody's groups; None: roles are given here."""
    if not settings.roles:
        return None
    names = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    found = [Role(settings.roles[name]) for name in names if name in settings.roles]
    if not found:
        raise UserRefused("you are in none of the groups that may come in")
    return max(found, key=_ORDER.index)
