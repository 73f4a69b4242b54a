"""What an examination says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What the examination of one part found.

    Attributes:
        name: the part.
        ok: nothing needs to be done.
        detail: what was found.
        mend: what to do; empty if `ok`.
    """

    name: str
    ok: bool
    detail: str
    mend: str = ""
