"""Settings of who signs in to the portal, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from ivrserver.config.section import Line, SecretLine, Section


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if url and (parts.scheme != "https" and not (parts.scheme == "http" and local)):
        message = "write it as the provider does, such as https://login.example.com/realms/main"
        raise ValueError(message)
    return url


class SignInSettings(Section):
    """How long somebody stays signed in to the portal."""

    idle_hours: float = Field(default=12.0, gt=0)
    """Hours without use after which a session ends; a page that is merely open does not use it."""
    longest_days: float = Field(default=7.0, gt=0)
    """Days after which a session ends, however much it is used."""
    open_setup: bool = False
    """Let whoever sits at this machine make the first user without the link that is printed at the
    start, as `ivrserver up` does."""

    @property
    def idle(self) -> timedelta:
        """How long a session lasts that is not used."""
        return timedelta(hours=self.idle_hours)

    @property
    def longest(self) -> timedelta:
        """How long a session lasts that is used."""
        return timedelta(days=self.longest_days)


class OidcSettings(Section):
    """Sign-in at a provider of OpenID Connect, beside passwords. Empty issuer: there is none."""

    issuer: Annotated[Line, AfterValidator(_issuer)] = ""
    """The provider's issuer, as it writes it; `/.well-known/openid-configuration` is below."""
    client_id: Line = ""
    """What the provider calls this server."""
    client_secret: SecretLine = SecretStr("")
    """The secret that the provider has given; empty: none, as for public clients (PKCE is used)."""
    label: Line = "Sign in with your organisation"
    """What the button says."""
    scopes: tuple[Line, ...] = ("openid", "profile", "email")
    """What is asked for; `openid` must be among it."""
    name_claim: Line = "preferred_username"
    """The claim that is the user's name here; of an address, what is before the `@`."""
    groups_claim: Line = "groups"
    """The claim that lists the groups that somebody is in."""
    roles: dict[Line, Literal["viewer", "editor", "admin"]] = Field(default_factory=dict)
    """The role of each group, such as `{"ivr-admins": "admin"}`, taken at each sign-in: the highest
    counts, and who is in none of them is refused. Empty: roles are given here."""
    make_users: bool = False
    """Make users of those whom the provider knows; without `roles` they become viewers."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer and not self.client_id:
            raise ValueError("client_id: the provider has given one for this server; write it here")
        if "openid" not in self.scopes:
            raise ValueError("scopes: openid must be among them")
        return self
