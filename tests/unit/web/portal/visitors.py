"""Somebody who looks at a page."""

from __future__ import annotations

from dataclasses import dataclass, field

ALL = frozenset(
    {
        "calls:read", "calls:write", "recordings:read", "messages:write", "flows:read",
        "flows:write", "system:read", "phone:use", "users:write",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Somebody:
    """A visitor as pages know them."""

    name: str = "ada"
    role: str = "admin"
    rights: frozenset[str] = field(default=ALL)
    csrf: str = "a-csrf-token"
