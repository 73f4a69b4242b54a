"""What can be allowed, and which roles are allowed what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ivrserver.errors import UserRefused


class Right(StrEnum):
    """One thing that may be done; its value is how API keys and clients spell it."""

    CALLS_READ = "calls:read"
    CALLS_WRITE = "calls:write"
    RECORDINGS_READ = "recordings:read"
    MESSAGES_WRITE = "messages:write"
    FLOWS_READ = "flows:read"
    FLOWS_WRITE = "flows:write"
    SYSTEM_READ = "system:read"
    PHONE_USE = "phone:use"
    USERS_WRITE = "users:write"


class Role(StrEnum):
    """What a user is."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


ROLE_MEANINGS: Final[Mapping[Role, str]] = MappingProxyType(
    {
        Role.VIEWER: "sees everything but users, and changes nothing",
        Role.EDITOR: "sees and changes everything but users, and has the softphone",
        Role.ADMIN: "may do everything, users and the audit log too",
    }
)

_MEANINGS: Final[Mapping[Right, str]] = MappingProxyType(
    {
        Right.CALLS_READ: "see calls, timelines and answers",
        Right.CALLS_WRITE: "hang up, call out, send webhooks again",
        Right.RECORDINGS_READ: "hear recordings and voicemail, read what was said",
        Right.MESSAGES_WRITE: "mark and delete voicemail messages",
        Right.FLOWS_READ: "see numbers, blocks and sound files",
        Right.FLOWS_WRITE: "change numbers, blocks, webhooks and sound files",
        Right.SYSTEM_READ: "see trunks, phones, health and settings",
        Right.PHONE_USE: "call with the softphone",
        Right.USERS_WRITE: "keep users and everybody's keys, read the audit log",
    }
)

_VIEWER: Final = frozenset(
    {Right.CALLS_READ, Right.RECORDINGS_READ, Right.FLOWS_READ, Right.SYSTEM_READ}
)
_EDITOR: Final = _VIEWER | {
    Right.CALLS_WRITE,
    Right.MESSAGES_WRITE,
    Right.FLOWS_WRITE,
    Right.PHONE_USE,
}
_ROLES: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {Role.VIEWER: _VIEWER, Role.EDITOR: _EDITOR, Role.ADMIN: frozenset(Right)}
)


def rights_of(role: Role) -> frozenset[Right]:
    """The rights of everybody who has that role."""
    return _ROLES[role]


def meaning(right: Right) -> str:
    """What a right allows, for people."""
    return _MEANINGS[right]


def checked_role(text: str) -> Role:
    """The role of that name.

    Raises:
        UserRefused: there is none.
    """
    try:
        return Role(text)
    except ValueError:
        raise UserRefused(f"a role is one of {', '.join(Role)}", field="role") from None


def checked_rights(texts: Iterable[str]) -> frozenset[Right]:
    """The rights of those names.

    Raises:
        UserRefused: there is none of such a name, or no name at all.
    """
    try:
        rights = frozenset(map(Right, texts))
    except ValueError:
        raise UserRefused(f"a right is one of {', '.join(Right)}", field="rights") from None
    if not rights:
        raise UserRefused("choose at least one right", field="rights")
    return rights
