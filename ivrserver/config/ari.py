"""Settings of ARI: how the controller reaches each Asterisk."""

from __future__ import annotations

from pydantic import Field, SecretStr

from ivrserver.config.section import Port, Seconds, Section


class AriSettings(Section):
    """How the controller reaches Asterisk."""

    host: str = "127.0.0.1"
    """Address of Asterisk's HTTP server."""
    port: Port = 8088
    """Port of Asterisk's HTTP server."""
    username: str = "ivrserver"
    """ARI user."""
    password: SecretStr = SecretStr("")
    """ARI password; empty: one is made and kept in the data folder."""
    node: str = Field(default="main", pattern="^[a-z0-9]+$")
    """Name of this controller's machine, part of its Stasis application's name."""
    instance: int = Field(default=1, ge=1)
    """Number of this controller on its machine."""
    request_timeout: Seconds = 5.0
    """Seconds after which an ARI request without an answer has failed."""

    @property
    def application(self) -> str:
        """The Stasis application name of this controller, such as ``ivr-main-1``."""
        return f"ivr-{self.node}-{self.instance}"


class AsteriskPlace(Section):
    """An Asterisk that every controller is connected to. `NAME` is a name of your choice.

    Without any such section there is one, named `main`, that `ari` describes.
    """

    host: str
    """Address of its HTTP server."""
    port: Port = 8088
    """Port of its HTTP server."""
    username: str = ""
    """ARI user; empty: `ari.username`."""
    password: SecretStr = SecretStr("")
    """ARI password; empty: `ari.password`."""

    def over(self, ari: AriSettings) -> AriSettings:
        """How it is reached, where `ari` says what this does not."""
        return ari.model_copy(
            update={
                "host": self.host,
                "port": self.port,
                "username": self.username or ari.username,
                "password": self.password if self.password.get_secret_value() else ari.password,
            }
        )
