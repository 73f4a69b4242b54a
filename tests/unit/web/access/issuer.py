"""A provider of OpenID Connect that stands in for real ones: its tokens are really signed."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.unit.web.serving import serving

CLIENT, SECRET = "ivr", "the client's secret"


class Issuer:
    """Whoever comes is `claims`; tests change what it signs, and with which key."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        self.address = ""
        self.issuer: str | None = None
        self.claims: dict[str, Any] = {"sub": "42", "preferred_username": "mia"}
        self.changes: dict[str, Any] = {}
        self.signs_with: RSAKey | None = None
        self.says: dict[str, Any] | None = None
        self.asked: dict[str, str] = {}
        self.codes: dict[str, dict[str, str]] = {}

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def configuration() -> dict[str, Any]:
            return {
                "issuer": self.issuer or self.address,
                "authorization_endpoint": f"{self.address}/authorize?tenant=1",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
            }

        @app.get("/keys")
        async def keys() -> dict[str, Any]:
            return KeySet([self.key]).as_dict(private=False)

        @app.get("/authorize")
        async def authorize(request: Request) -> RedirectResponse:
            self.asked = dict(request.query_params)
            code = f"code-{len(self.codes)}"
            self.codes[code] = self.asked
            back = {"code": code, "state": self.asked["state"]}
            return RedirectResponse(f"{self.asked['redirect_uri']}?{urlencode(back)}", 303)

        @app.post("/token")
        async def token(request: Request) -> JSONResponse:
            if self.says is not None:
                return JSONResponse(self.says, 400 if "error" in self.says else 200)
            form = {name: values[0] for name, values in parse_qs(await request.body()).items()}
            sent = {name.decode(): value.decode() for name, value in form.items()}
            pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
            user, _, password = pair.decode().partition(":")
            asked = self.codes.pop(sent["code"], None)
            proof = base64.urlsafe_b64encode(
                hashlib.sha256(sent["code_verifier"].encode()).digest()
            )
            if (
                asked is None
                or (unquote(user), unquote(password)) != (CLIENT, SECRET)
                or proof.decode().rstrip("=") != asked["code_challenge"]
                or asked["code_challenge_method"] != "S256"
                or sent["redirect_uri"] != asked["redirect_uri"]
            ):
                return JSONResponse({"error": "invalid_grant"}, 400)
            now = int(time.time())
            claims = {
                "iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300,
                "nonce": asked["nonce"], **self.claims, **self.changes,
            }  # fmt: skip
            claims = {name: value for name, value in claims.items() if value is not None}
            key = self.signs_with or self.key
            signed = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)
            return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": signed})

        return app


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    """A provider that is served."""
    issuer = Issuer()
    async with serving(issuer.app()) as address:
        issuer.address = address
        yield issuer


def query(address: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def unsigned(claims: dict[str, Any]) -> str:
    """A token that nobody has signed."""
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join([*encoded, b""]).decode()
