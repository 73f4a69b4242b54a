"""What the pages about users share: where users are kept, who may try, and how sessions begin."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from ivrserver.access import Author, Visitor
from ivrserver.storage import ApiKeys, Audit, Deed, Sessions, Users
from ivrserver.web.access.guard import Guard
from ivrserver.web.access.origin import address_of, local_path
from ivrserver.web.access.tries import Tries
from ivrserver.web.strangers import Strangers


class Renders(Protocol):
    """Makes pages of templates."""

    def render(
        self,
        request: Request,
        visitor: Visitor | None,
        template: str,
        *,
        status: int = HTTPStatus.OK,
        **context: Any,
    ) -> HTMLResponse:
        """One page; `visitor` is None for strangers."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything that lets people in.

    Attributes:
        lasts: how long a session lasts at most.
        setup_token: what whoever makes the first user must show.
        open_setup: visitors on this machine need not show it.
        public_url: how others reach us; empty: as they say.
        strangers: who shows wrong tokens.
        addresses: tries to sign in, by address.
        names: tries to sign in, by the user's name.
    """

    guard: Guard
    users: Users
    sessions: Sessions
    keys: ApiKeys
    audit: Audit
    pages: Renders
    lasts: timedelta
    setup_token: str = field(repr=False)
    open_setup: bool = False
    public_url: str = ""
    strangers: Strangers = field(default_factory=Strangers)
    addresses: Tries = field(default_factory=Tries)
    names: Tries = field(default_factory=Tries)

    async def let_in(
        self, request: Request, name: str, to: str = "/", via: str = "portal"
    ) -> Response:
        """Begin a session of that user and lead to a page; the session before, if any, ends."""
        now, address = datetime.now(UTC), address_of(request)
        token = await self.sessions.begin(
            name,
            now,
            address=address,
            agent=request.headers.get("user-agent", ""),
            instead_of=self.guard.cookie.read(request),
        )
        await self.users.signed_in(name, now)
        await self.audit.note(Author(name, via, address), Deed("sign in", "user", name))
        response = RedirectResponse(local_path(to), HTTPStatus.SEE_OTHER)
        self.guard.cookie.set(request, response, token, self.lasts)
        return response
