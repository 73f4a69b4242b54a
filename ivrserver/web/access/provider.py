"""A provider of OpenID Connect: where browsers are sent, and what it says of those who come back.

Authorization code with PKCE (RFC 7636), `state` and `nonce`; what the provider says is believed
when its signature, issuer, audience, times and nonce are right (OpenID Connect Core §3.1.3.7).
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ivrserver.access import make_token
from ivrserver.config import OidcSettings
from ivrserver.errors import ProviderFailed

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
                      "ES512", "EdDSA", "Ed25519")  # fmt: skip
"""Signatures with keys that only the provider has; never `none`, nor a shared secret."""
_SECONDS: Final = 10.0
_MOST_BYTES: Final = 1_000_000
_FRESH: Final = 3600.0
_LEEWAY: Final = 60
"""Seconds by which clocks may differ."""
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in under way: what is in the browser's cookie meanwhile.

    Attributes:
        state: that the browser brings back with the code.
        nonce: that the provider must sign.
        verifier: that proves that the code is ours.
        next: the page that was wanted.
    """

    state: str
    nonce: str
    verifier: str
    next: str

    @classmethod
    def new(cls, to: str) -> Pending:
        """A sign-in that begins."""
        return cls(make_token(), make_token(), make_token(), to)

    @classmethod
    def read(cls, cookie: str) -> Pending | None:
        """What a cookie holds; None: nothing of ours."""
        try:
            return cls(**json.loads(base64.urlsafe_b64decode(cookie)))
        except (ValueError, TypeError):
            return None

    @property
    def cookie(self) -> str:
        """What the cookie holds."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


class Provider:
    """One provider, as the settings name it."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._found: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._found_at = 0.0

    async def address(self, pending: Pending, back: str) -> str:
        """Where the browser is sent.

        Args:
            pending: the sign-in that begins.
            back: where it comes back to.

        Raises:
            ProviderFailed: the provider does not answer.
        """
        there = (await self._described())["authorization_endpoint"]
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": back,
            "scope": " ".join(self._settings.scopes),
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": create_s256_code_challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"

    async def claims(self, code: str, pending: Pending, back: str) -> Mapping[str, Any]:
        """What the provider says of whoever has brought `code`.

        Raises:
            ProviderFailed: it does not answer, or what it says is not right.
        """
        described = await self._described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": pending.verifier,
            "client_id": self._settings.client_id,
        }
        headers = {}
        if secret := self._settings.client_secret.get_secret_value():
            ways = described.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
            if "client_secret_basic" in ways:
                pair = f"{quote(self._settings.client_id, '')}:{quote(secret, '')}"
                basic = base64.b64encode(pair.encode()).decode()
                headers["Authorization"] = f"Basic {basic}"
            else:
                form["client_secret"] = secret
        answer = await self._ask("POST", described["token_endpoint"], data=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderFailed("the provider has signed nothing")
        try:
            decoded = await self._decoded(token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self._settings.issuer},
                    "aud": {"essential": True, "value": self._settings.client_id},
                    "sub": {"essential": True},
                },
                {
                    "nonce": pending.nonce,
                    "client_id": self._settings.client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(leeway=_LEEWAY)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as error:
            raise ProviderFailed(f"what the provider says is not right: {error}") from error
        return dict(claims)

    async def _decoded(self, token: str) -> jwt.Token:
        """The token, its signature checked; keys that have come since are fetched once."""
        try:
            return jwt.decode(token, await self._keyset(), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            keys = await self._keyset(anew=True)
            return jwt.decode(token, keys, algorithms=_ALGORITHMS)

    async def _keyset(self, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            answer = await self._ask("GET", (await self._described())["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set(answer)  # type: ignore[arg-type]  # checked there
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise ProviderFailed("the provider's keys cannot be read") from error
        return self._keys

    async def _described(self) -> Mapping[str, Any]:
        """Where the provider does what."""
        if self._found and time.monotonic() - self._found_at < _FRESH:
            return self._found
        issuer = self._settings.issuer
        found = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ProviderFailed(f"the provider calls itself {found.get('issuer')}, not {issuer}")
        if not all(isinstance(found.get(name), str) for name in _ENDPOINTS):
            raise ProviderFailed("the provider does not say where it does what")
        self._found, self._keys, self._found_at = dict(found), None, time.monotonic()
        return self._found

    async def _ask(self, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        """A JSON object of the provider."""
        timeout = aiohttp.ClientTimeout(_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.request(method, url, allow_redirects=False, **options) as reply,
            ):
                body = await reply.content.read(_MOST_BYTES)
                answer = json.loads(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ProviderFailed(f"the provider does not answer: {type(error).__name__}") from error
        except ValueError as error:
            raise ProviderFailed(f"the provider answers {reply.status} without JSON") from error
        if reply.status != 200 or not isinstance(answer, dict):  # noqa: PLR2004 - OK
            said = answer.get("error", "") if isinstance(answer, dict) else ""
            raise ProviderFailed(f"the provider answers {reply.status} {said}".rstrip())
        return answer
