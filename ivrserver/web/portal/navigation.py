"""The areas of the portal, in the order in which the navigation has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Area:
    """One entry of the navigation.

    Attributes:
        title: what it is called.
        path: of its first page; its other pages are below.
        icon: one of frontend/icons.txt.
        right: what a visitor must be allowed to see it.
    """

    title: str
    path: str
    icon: str
    right: str


@dataclass(frozen=True, slots=True)
class Group:
    """Areas that belong together; the first group has no title."""

    title: str
    areas: tuple[Area, ...]


GROUPS: Final = (
    Group(
        "",
        (
            Area("Overview", "/", "layout-dashboard", "calls:read"),
            Area("Calls", "/calls", "phone-call", "calls:read"),
            Area("Answers", "/answers", "list-checks", "calls:read"),
            Area("Voicemail", "/voicemail", "voicemail", "recordings:read"),
            Area("Webhooks", "/webhooks", "webhook", "calls:read"),
        ),
    ),
    Group(
        "Build",
        (
            Area("IVRs and blocks", "/blocks", "box", "flows:read"),
            Area("Flow map", "/map", "workflow", "flows:read"),
            Area("Numbers", "/numbers", "hash", "flows:read"),
            Area("Audio", "/audio", "audio-lines", "flows:read"),
            Area("Schedules", "/schedules", "calendar-clock", "flows:read"),
            Area("Revisions", "/revisions", "history", "flows:read"),
        ),
    ),
    Group(
        "System",
        (
            Area("Trunks and phones", "/trunks", "plug", "system:read"),
            Area("Health", "/health", "stethoscope", "system:read"),
            Area("Settings", "/settings", "settings", "system:read"),
            Area("Users and keys", "/users", "users", "users:write"),
            Area("Audit log", "/audit", "scroll-text", "users:write"),
        ),
    ),
)


def area_of(path: str) -> str:
    """The path of the area that a page belongs to; empty: none.

    Args:
        path: of the page.
    """
    fitting = [
        area.path
        for group in GROUPS
        for area in group.areas
        if path == area.path or (area.path != "/" and path.startswith(f"{area.path}/"))
    ]
    return max(fitting, key=len, default="")


def visible(can: Callable[[str], bool]) -> list[Group]:
    """The navigation of somebody.

    Args:
        can: says whether they have a right.
    """
    groups = (
        Group(group.title, tuple(area for area in group.areas if can(area.right)))
        for group in GROUPS
    )
    return [group for group in groups if group.areas]
