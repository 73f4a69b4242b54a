"""Somebody who looks at a page."""

from __future__ import annotations

from ivrserver.access import Right, Role, Visitor, rights_of


def somebody(role: Role = Role.ADMIN, *rights: Right, name: str = "ada") -> Visitor:
    """Who has signed in; with no more than `rights`, if some are given."""
    return Visitor(name, role, frozenset(rights) or rights_of(role), csrf="a-csrf-token")
