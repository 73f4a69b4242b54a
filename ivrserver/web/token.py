"""Who has the token may come in."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Header, HTTPException, Request
from pydantic import SecretStr

from ivrserver.web.strangers import Strangers


def bearer(token: SecretStr, setting: str) -> Any:
    """What refuses requests without the token (RFC 6750), as a dependency of routes.

    Who has a wrong one is named in the log, and has to wait after some tries: 429.

    Args:
        token: not empty.
        setting: where it comes from, for people.
    """
    wanted, strangers = f"Bearer {token.get_secret_value()}".encode(), Strangers()

    async def check(request: Request, authorization: Annotated[str, Header()] = "") -> None:
        strangers.admit(request)
        if not hmac.compare_digest(authorization.encode(), wanted):
            strangers.wrong(request, f"{'a wrong' if authorization else 'no'} token ({setting})")
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED,
                f"show the token of the setting {setting} as: Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )

    return check
