"""Settings of several controllers on one database (SPEC §13)."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from ivrserver.config.section import Seconds, Section


class ClusterSettings(Section):
    """How controllers that share a database look after each other's calls."""

    beat: Seconds = 1.0
    """Seconds between two signs of life in the database."""
    lease: Seconds = 5.0
    """Seconds without one after which the others take a controller's calls over."""
    leave_calls: bool = False
    """When told to stop with no other controller there, leave calls that outlast the draining to
    this controller's next start; false: hang them up."""

    @model_validator(mode="after")
    def _patient(self) -> Self:
        if self.lease < 2 * self.beat:
            message = "cluster.lease must be at least twice cluster.beat"
            raise ValueError(message)
        return self
