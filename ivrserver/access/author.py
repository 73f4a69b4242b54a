"""Who changed something, as revisions and the audit log keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who changes something.

    Attributes:
        name: of a user, of an API key the user whose it is, ``http.token``; empty: the program.
        via: ``portal``, ``key NAME``, ``api`` (the token), ``invitation``, ``command line`` or
            ``program``.
        address: where the request came from; empty: this machine.
    """

    name: str
    via: str
    address: str = ""


PROGRAM: Final = Author("", "program")
"""Nobody: what the program does by itself, such as loading the sample account."""
