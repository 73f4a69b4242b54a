"""Who comes in: what every route of the portal and the API depends on.

A dependency is made for each route, with the right that it needs, and gives the visitor::

    reads = Depends(guard.page(Right.CALLS_READ))

    @router.get("/calls")
    async def calls(request: Request, visitor: Visitor = reads) -> Response:

Pages send strangers to the sign-in, the API answers 401; who lacks the right gets 403 of both. A
request of a session that changes something must come from a page of ours, and bring what that page
was given.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit

from fastapi import HTTPException, Request
from pydantic import SecretStr
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from ivrserver.access import Right, Visitor, Way, http_token_visitor, rights_of
from ivrserver.storage import ApiKeys, Sessions, Users
from ivrserver.web.access.cookies import Cookie
from ivrserver.web.access.origin import SAFE, address_of, ensure_own, shown_csrf
from ivrserver.web.strangers import Strangers

SIGN_IN: Final = "/sign-in"
SETUP: Final = "/setup"
_UNATTENDED: Final = "x-unattended"
"""Header of what a page asks for by itself, such as a list that is shown anew."""

Check = Callable[[Request], Awaitable[Visitor]]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route needs. `Depends(needs.page)` or `Depends(needs.api)` sees that it is there.

    Attributes:
        right: None: whoever has signed in.
        unattended: pages ask by themselves, whether or not somebody sits before them.
    """

    guard: Guard
    right: Right | None
    unattended: bool = False

    async def page(self, request: Request) -> Visitor:
        """Let a browser in, or send it to the sign-in."""
        visitor = await self.guard.session_of(request)
        if visitor is None:
            raise await self.guard.to_sign_in(request)
        return await self._let_in(request, visitor)

    async def api(self, request: Request) -> Visitor:
        """Let a program or a page's script in."""
        visitor = await self.guard.program_of(request) or await self.guard.session_of(
            request, used=not self.unattended
        )
        if visitor is None:
            raise _unauthorized("sign in, or show an API key as: Authorization: Bearer KEY")
        return await self._let_in(request, visitor)

    async def _let_in(self, request: Request, visitor: Visitor) -> Visitor:
        if visitor.via is Way.SESSION and request.method not in SAFE:
            await self.guard.ensure_ours(request, visitor)
        if self.right is not None and not visitor.may(self.right):
            who = f"this key of {visitor.name}" if visitor.key else visitor.name
            raise HTTPException(
                HTTPStatus.FORBIDDEN,
                f"this needs the right {self.right}, which {who} does not have",
            )
        return visitor


class Guard:
    """Knows visitors by their session, API key or token.

    Args:
        users: whether there are any.
        sessions: those of browsers.
        keys: those of programs.
        token: of the setting http.token; empty: there is none.
        public_url: how others reach us; empty: as they say.
    """

    def __init__(
        self,
        users: Users,
        sessions: Sessions,
        keys: ApiKeys,
        token: SecretStr = SecretStr(""),  # noqa: B008 - frozen
        public_url: str = "",
    ) -> None:
        self._users, self._sessions, self._keys = users, sessions, keys
        self._token = token.get_secret_value().encode()
        self._public_url = public_url
        self._strangers = Strangers()
        self._inhabited = False
        self.cookie = Cookie(public_url)

    def page(self, right: Right | None = None) -> Check:
        """A dependency of a page that needs that right; None: of whoever has signed in."""
        return Needs(self, right).page

    def api(self, right: Right | None = None, *, unattended: bool = False) -> Check:
        """A dependency of a route of the API that needs that right; None: any visitor we know.

        Args:
            right: what it needs.
            unattended: pages ask for it by themselves: that keeps no session in use.
        """
        return Needs(self, right, unattended).api

    async def session_of(self, request: HTTPConnection, *, used: bool = True) -> Visitor | None:
        """Whose browser it is; None: nobody's who has signed in. `request.state` keeps it.

        What a page asks for by itself, as its header says, keeps no session in use.
        """
        token, used = self.cookie.read(request), used and _UNATTENDED not in request.headers
        found = await self._sessions.find(token, datetime.now(UTC), used=used) if token else None
        if found is None:
            return None
        user, session = found
        visitor = Visitor(
            name=user.name,
            role=user.role,
            rights=rights_of(user.role),
            csrf=session.csrf,
            session=session.session_id,
            address=address_of(request),
        )
        request.state.visitor = visitor
        return visitor

    async def of_socket(
        self, socket: WebSocket, right: Right, *, used: bool = False
    ) -> Visitor | None:
        """Who opens a WebSocket from a page of ours and has that right; None: anybody else.

        Browsers send the cookie along with any page's WebSocket, but say whose page it is. Pages
        open it by themselves: `used` says that somebody is there, who talks.
        """
        try:
            ensure_own(socket, self._public_url)
        except HTTPException:
            return None
        visitor = await self.session_of(socket, used=used)
        return visitor if visitor is not None and visitor.may(right) else None

    async def program_of(self, request: Request) -> Visitor | None:
        """Whose key or token is shown; None: none is.

        Raises:
            HTTPException: 401, it is a wrong one; 429, there were too many wrong ones.
        """
        header = request.headers.get("authorization")
        if header is None:
            return None
        self._strangers.admit(request)
        scheme, _, shown = header.partition(" ")
        shown = shown.strip()
        if scheme.lower() == "bearer" and shown:
            if self._token and hmac.compare_digest(shown.encode(), self._token):
                return http_token_visitor(address_of(request))
            found = await self._keys.find(shown, datetime.now(UTC))
            if found is not None:
                user, key = found
                return Visitor(
                    name=user.name,
                    role=user.role,
                    rights=key.rights & rights_of(user.role),
                    via=Way.KEY,
                    key=key.name,
                    address=address_of(request),
                )
        self._strangers.wrong(request, "a wrong API key")
        raise _unauthorized("this API key is wrong, has run out or is revoked")

    async def ensure_ours(self, request: Request, visitor: Visitor) -> None:
        """See that a page of ours has sent what changes something.

        Raises:
            HTTPException: 403, it was another's.
        """
        ensure_own(request, self._public_url)
        shown = await shown_csrf(request)
        if not hmac.compare_digest(shown.encode(), visitor.csrf.encode()):
            raise HTTPException(
                HTTPStatus.FORBIDDEN, "this page is from another session; load it again"
            )

    async def inhabited(self) -> bool:
        """Whether there are users; once there are, there always are."""
        self._inhabited = self._inhabited or await self._users.any()
        return self._inhabited

    async def to_sign_in(self, request: Request) -> HTTPException:
        """What sends a browser to the sign-in and back, or to the set-up if there are no users."""
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        partial = request.headers.get("hx-request") == "true"
        if partial or request.method not in SAFE:
            shown = urlsplit(request.headers.get("hx-current-url", ""))
            asked = shown.path + (f"?{shown.query}" if shown.query else "")
        there = SIGN_IN if await self.inhabited() else SETUP
        if there == SIGN_IN and asked not in {"", "/"}:
            there += f"?{urlencode({'next': asked})}"
        if partial:
            return HTTPException(HTTPStatus.UNAUTHORIZED, "sign in again", {"HX-Redirect": there})
        return HTTPException(HTTPStatus.SEE_OTHER, "sign in", {"Location": there})


def _unauthorized(text: str) -> HTTPException:
    return HTTPException(HTTPStatus.UNAUTHORIZED, text, {"WWW-Authenticate": "Bearer"})
