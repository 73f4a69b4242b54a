"""Settings of what is seen of the server from outside."""

from __future__ import annotations

from pydantic import SecretStr

from ivrserver.config.section import Host, Port, Section, Token


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
