"""What every call is given; the composition root fills it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ivrserver.config import LimitSettings
from ivrserver.flow.distribution import Distributor
from ivrserver.flow.ports import (
    Clock,
    Dialer,
    Journal,
    Library,
    Mailboxes,
    Recogniser,
    Speech,
)
from ivrserver.flow.report import Reporter


@dataclass(frozen=True, slots=True)
class World:
    """What every call is given.

    Attributes:
        region: default region for phone numbers, such as ``US``.
        zone: the account's time zone.
        new_id: makes unique, time-ordered ids.
        distributor: in which order FindMe lists are tried.
        extensions: extension → name of each registered phone.
        controller: name of this controller.
    """

    speech: Speech
    recogniser: Recogniser
    dialer: Dialer
    mailboxes: Mailboxes
    reporter: Reporter
    journal: Journal
    library: Library
    clock: Clock
    limits: LimitSettings
    region: str
    zone: ZoneInfo
    new_id: Callable[[], str]
    distributor: Distributor
    extensions: Mapping[str, str] = field(default_factory=dict)
    controller: str = ""
