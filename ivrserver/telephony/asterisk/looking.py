"""What every Asterisk tells about itself, its trunks, phones and softphones, for people."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ivrserver.config import AriSettings, Settings
from ivrserver.errors import AriUnavailable
from ivrserver.telephony.asterisk import registrations
from ivrserver.telephony.asterisk.password import with_kept_password
from ivrserver.telephony.asterisk.peers import ask, installed, on_console
from ivrserver.telephony.asterisk.process import Installation

_KEPT_SECONDS: Final = 2.0
"""How long an answer is good for whoever else looks at the page."""
_CONTACT: Final = re.compile(
    r"^ *Contact: +([^/ ]+)/(\S+) +(?:[0-9a-f]{10})? *([A-Z]\w+) +([0-9.]+|nan) *$", re.MULTILINE
)
_FROM: Final = re.compile(r"@([^;>\s]+)")
_THERE: Final = "online"


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a trunk or a phone is reached.

    Attributes:
        address: host and port.
        answers: whether it did when it was last asked; None: it is not asked.
        milliseconds: that its last answer took; None: there is none.
    """

    address: str
    answers: bool | None
    milliseconds: float | None


@dataclass(frozen=True, slots=True)
class Peer:
    """What one Asterisk knows about a trunk, a phone or a softphone.

    Attributes:
        is_there: it answers, or is registered.
        channels: of calls that it is in now.
    """

    is_there: bool
    channels: int


@dataclass(frozen=True, slots=True)
class Place:
    """One Asterisk.

    Attributes:
        name: in the settings.
        address: of its ARI.
        problem: why nothing is known; empty: it answered.
        version: its own.
        started_at: when it was started.
        peers: by name.
        registrations: its word for each trunk that registers; None: nobody there tells.
        contacts: by name; None: only its own machine can tell.
    """

    name: str
    address: str
    problem: str = ""
    version: str = ""
    started_at: datetime | None = None
    peers: Mapping[str, Peer] = field(default_factory=dict)
    registrations: Mapping[str, str] | None = None
    contacts: Mapping[str, Sequence[Contact]] | None = None


class Places:
    """Looks at all of them; what was seen is good for two seconds.

    Args:
        settings: say where they are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = asyncio.Lock()
        self._here: Installation | None = None
        self._seen: list[Place] = []
        self._seen_at = -_KEPT_SECONDS

    async def look(self) -> list[Place]:
        """Every Asterisk as it is now; never raises for what is wrong with one."""
        async with self._lock:
            if time.monotonic() - self._seen_at >= _KEPT_SECONDS:
                known = with_kept_password(self._settings) or self._settings
                here = await self._console_of()
                looks = [_look(name, ari, here) for name, ari in known.places.items()]
                self._seen = list(await asyncio.gather(*looks))
                self._seen_at = time.monotonic()
            return self._seen

    async def _console_of(self) -> Installation | None:
        """Whose console is asked. Of several Asterisks nobody knows which is this machine's."""
        if self._here is None and not self._settings.asterisks:
            self._here = await installed(self._settings)
        return self._here


async def _look(name: str, ari: AriSettings, here: Installation | None) -> Place:
    address = f"{ari.host} port {ari.port}"
    try:
        info: Any = await ask(ari, "asterisk/info")
        endpoints = await ask(ari, "endpoints")
        variable = await ask(ari, f"asterisk/variable?variable={registrations.VARIABLE}")
    except AriUnavailable:
        return Place(name, address, problem="it does not answer, or does not let us in")
    shown = await on_console(here, "pjsip show contacts") if here else None
    told = await on_console(here, registrations.COMMAND) if here else None
    return Place(
        name,
        address,
        version=info["system"]["version"],
        started_at=datetime.fromisoformat(info["status"]["startup_time"]),
        peers={
            each["resource"]: Peer(each["state"] == _THERE, len(each["channel_ids"]))
            for each in endpoints
            if each["technology"] == "PJSIP"
        },
        registrations=(
            registrations.published(variable["value"])
            if told is None
            else registrations.shown(told)
        ),
        contacts=None if shown is None else contacts_of(shown),
    )


def contacts_of(shown: str) -> dict[str, list[Contact]]:
    """What Asterisk's console shows of contacts, by endpoint."""
    found: dict[str, list[Contact]] = {}
    for name, uri, status, took in _CONTACT.findall(shown):
        address = _FROM.search(uri)
        where = address[1] if address else uri.removeprefix("sip:")
        answers = {"Avail": True, "Unavail": False}.get(status)
        milliseconds = None if took == "nan" or not answers else float(took)
        found.setdefault(name, []).append(Contact(where, answers, milliseconds))
    return found
