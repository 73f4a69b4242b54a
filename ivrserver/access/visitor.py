"""Who makes a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ivrserver.access.author import Author
from ivrserver.access.rights import Right, Role

HTTP_TOKEN: Final = "http.token"  # noqa: S105 - a name
"""What whoever shows the token of that setting is called."""


class Way(StrEnum):
    """How somebody has shown who they are."""

    SESSION = "session"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 - no secret


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who makes a request.

    Attributes:
        name: of the user; of a key the user whose it is; ``http.token``.
        role: the user's; None: no user (the token).
        rights: what this request may do.
        via: how they have shown who they are.
        csrf: what their forms must send back; empty: no session.
        session: id of the session; empty: there is none.
        key: name of the API key; empty: there is none.
        address: where the request comes from.
    """

    name: str
    role: Role | None
    rights: frozenset[Right]
    via: Way = Way.SESSION
    csrf: str = field(default="", repr=False)
    session: str = ""
    key: str = ""
    address: str = ""

    def may(self, right: Right) -> bool:
        """Whether this request may do that."""
        return right in self.rights

    @property
    def author(self) -> Author:
        """Who makes the changes of this request."""
        via = {Way.SESSION: "portal", Way.KEY: f"key {self.key}", Way.TOKEN: "api"}[self.via]
        return Author(self.name, via, self.address)


def http_token_visitor(address: str) -> Visitor:
    """Whoever shows the token of the settings: nobody by name, who may do everything."""
    return Visitor(HTTP_TOKEN, None, frozenset(Right), via=Way.TOKEN, address=address)
