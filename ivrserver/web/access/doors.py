"""What the pages about users share: where users are kept, who may try, and how sessions begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from fastapi import HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from ivrserver.access import Author, Visitor
from ivrserver.config import OidcSettings
from ivrserver.errors import NothingThere, UserRefused
from ivrserver.storage import ApiKeys, Audit, Deed, Sessions, Users
from ivrserver.web.access.guard import Guard
from ivrserver.web.access.origin import address_of, local_path
from ivrserver.web.access.tries import Tries
from ivrserver.web.strangers import Strangers

LONGEST: Final = 1000
"""Characters of a password that are compared: no password has so many."""


class Renders(Protocol):
    """Makes pages of templates."""

    @property
    def zone(self) -> ZoneInfo:
        """Of the account: times are shown in it."""
        ...

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

    def redirect(self, request: Request, path: str, text: str = "") -> RedirectResponse:
        """Lead to a page, which shows `text`."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything that lets people in.

    Attributes:
        lasts: how long a session lasts at most.
        setup_token: what whoever makes the first user must show.
        open_setup: visitors on this machine need not show it.
        public_url: how others reach us; empty: as they say.
        oidc: the provider that signs people in, too, if there is one.
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
    oidc: OidcSettings = field(default_factory=OidcSettings)
    strangers: Strangers = field(default_factory=Strangers)
    addresses: Tries = field(default_factory=Tries)
    names: Tries = field(default_factory=Tries)

    async def let_in(
        self, request: Request, name: str, to: str = "/", via: str = "portal"
    ) -> Response:
        """Sign a user in and lead to a page of ours; the session before, if any, ends."""
        answer = RedirectResponse(local_path(to), HTTPStatus.SEE_OTHER)
        await self.begin(request, answer, name)
        await self.users.signed_in(name, datetime.now(UTC))
        author = Author(name, via, address_of(request))
        await self.audit.note(author, Deed("sign in", "user", name))
        return answer

    async def begin(self, request: Request, answer: Response, name: str) -> None:
        """Begin a session of that user, in place of the one that the browser has."""
        token = await self.sessions.begin(
            name,
            datetime.now(UTC),
            address=address_of(request),
            agent=request.headers.get("user-agent", ""),
            instead_of=self.guard.cookie.read(request),
        )
        self.guard.cookie.set(request, answer, token, self.lasts)


@contextmanager
def found() -> Iterator[None]:
    """What is not there is 404, with the reason."""
    try:
        yield
    except NothingThere as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from error


def ensure_same(password: str, again: str) -> None:
    """See that somebody has typed a new password twice.

    Raises:
        UserRefused: the two differ.
    """
    if password != again:
        raise UserRefused("the two passwords differ; type it twice", field="again")
