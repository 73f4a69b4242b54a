"""Who has the token may come in."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Header, HTTPException
from pydantic import SecretStr


def bearer(token: SecretStr, setting: str) -> Any:
    """What refuses requests without the token (RFC 6750), as a dependency of routes.

    Args:
        token: not empty.
        setting: where it comes from, for people.
    """
    wanted = f"Bearer {token.get_secret_value()}".encode()

    async def check(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), wanted):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED,
                f"show the token of the setting {setting} as: Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )

    return check
