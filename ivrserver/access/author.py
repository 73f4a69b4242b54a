"""Who changed something, as revisions and the audit log keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who changes something.

    Attributes:
        name: of a user, or of an API key as people call it; empty: the program itself.
        via: ``portal``, ``api``, ``command line`` or ``program``.
        address: where the request came from; empty: this machine.
    """

    name: str
    via: str
    address: str = ""


PROGRAM: Final = Author("", "program")
"""Nobody: what the program does by itself, such as loading the sample account."""
