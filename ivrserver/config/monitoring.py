"""Settings of what is seen of the server from outside."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from ivrserver.config.section import Host, Line, Port, Seconds, SecretLine, Section, Token


def _collector(url: str) -> str:
    if not url:
        return url
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = "write it whole, such as http://collector:4318/v1/traces; or leave it empty"
        raise ValueError(message)
    if parts.username is not None or parts.password is not None:
        message = "a user or password belongs into traces.headers"
        raise ValueError(message)
    return url


class MetricsSettings(Section):
    """What Prometheus reads: `/metrics` of our HTTP server. They hold no data of callers."""

    enabled: bool = True
    """Offer metrics."""
    token: Token = SecretStr("")
    """Bearer token that a reader must show, at least 16 characters; empty: anybody may read."""
    port: Port | None = None
    """A port for metrics alone; unset: that of our HTTP server."""
    host: Host = "127.0.0.1"
    """Address that the port for metrics alone listens on."""


class TracesSettings(Section):
    """Where calls are sent as OpenTelemetry traces. They hold no answers and no numbers."""

    endpoint: Annotated[Line, AfterValidator(_collector)] = ""
    """Address for traces of a collector that speaks OTLP over HTTP; empty: nothing is traced."""
    headers: dict[Line, SecretLine] = Field(default_factory=dict)
    """Headers that the collector wants, such as `{"authorization": "Bearer …"}`."""
    share: float = Field(default=1.0, ge=0, le=1)
    """How many of all calls are traced: `0.1` is every tenth."""
    timeout: Seconds = 5.0
    """Seconds after which the collector has failed to take a batch."""
    service: Line = "ivrserver"
    """Name of this service in the traces."""
