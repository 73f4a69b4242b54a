"""Settings of who signs in to the portal, and for how long."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from ivrserver.config.section import Section


class SignInSettings(Section):
    """How long somebody stays signed in to the portal."""

    idle_hours: float = Field(default=12.0, gt=0)
    """Hours without a request after which a session ends."""
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
