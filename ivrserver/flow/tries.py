"""How often a caller may fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from ivrserver.blocks import Failure, Retries

Allowed = TypeVar("Allowed", Retries, Failure)


@dataclass(slots=True)
class Tries(Generic[Allowed]):
    """Counts the failures of one kind, at one question or menu."""

    allowed: Allowed
    failed: int = 0

    def fail(self) -> bool:
        """Count one; return whether there is another try."""
        self.failed += 1
        return self.failed < self.allowed.tries
