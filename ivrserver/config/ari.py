"""Settings of ARI: how the controller reaches Asterisk, and who else may."""

from __future__ import annotations

from pydantic import Field, SecretStr

from ivrserver.config.section import AnyHost, Network, Port, Seconds, Section, from_here


class AriSettings(Section):
    """How the controller reaches Asterisk."""

    host: str = "127.0.0.1"
    """Address of Asterisk's HTTP server."""
    port: Port = 8088
    """Port of Asterisk's HTTP server."""
    bind: AnyHost = ""
    """Address that Asterisk's HTTP server listens on; empty: `ari.host`."""
    accept_from: tuple[Network, ...] = ()
    """Addresses or networks that may use ARI, with the password; empty: all that reach it."""
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

    @property
    def listens_on(self) -> str:
        """The address that Asterisk's HTTP server listens on."""
        return self.bind or self.host

    @property
    def nearby(self) -> AriSettings:
        """The same as a program on Asterisk's own machine reaches it."""
        return self.model_copy(update={"host": from_here(self.listens_on)})


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
