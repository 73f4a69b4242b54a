"""The areas of the portal, in the order in which the navigation has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ivrserver.access import Right


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
    right: Right


@dataclass(frozen=True, slots=True)
class Group:
    """Areas that belong together; the first group has no title."""

    title: str
    areas: tuple[Area, ...]


GROUPS: Final = (
    Group(
        "",
        (
            Area("Overview", "/", "layout-dashboard", Right.CALLS_READ),
            Area("Calls", "/calls", "phone-call", Right.CALLS_READ),
            Area("Answers", "/answers", "list-checks", Right.CALLS_READ),
            Area("Voicemail", "/voicemail", "voicemail", Right.RECORDINGS_READ),
            Area("Webhooks", "/webhooks", "webhook", Right.CALLS_READ),
        ),
    ),
    Group(
        "Build",
        (
            Area("IVRs and blocks", "/blocks", "box", Right.FLOWS_READ),
            Area("Flow map", "/map", "workflow", Right.FLOWS_READ),
            Area("Numbers", "/numbers", "hash", Right.FLOWS_READ),
            Area("Audio", "/audio", "audio-lines", Right.FLOWS_READ),
            Area("Schedules", "/schedules", "calendar-clock", Right.FLOWS_READ),
            Area("Revisions", "/revisions", "history", Right.FLOWS_READ),
        ),
    ),
    Group(
        "System",
        (
            Area("Trunks and phones", "/trunks", "plug", Right.SYSTEM_READ),
            Area("Health", "/health", "stethoscope", Right.SYSTEM_READ),
            Area("Settings", "/settings", "settings", Right.SYSTEM_READ),
            Area("Users and keys", "/users", "users", Right.USERS_WRITE),
            Area("Audit log", "/audit", "scroll-text", Right.USERS_WRITE),
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


def visible(can: Callable[[Right], bool], there: Callable[[str], bool]) -> list[Group]:
    """The navigation of somebody.

    Args:
        can: says whether they have a right.
        there: says whether a page is served.
    """
    groups = (
        Group(
            group.title,
            tuple(area for area in group.areas if can(area.right) and there(area.path)),
        )
        for group in GROUPS
    )
    return [group for group in groups if group.areas]
