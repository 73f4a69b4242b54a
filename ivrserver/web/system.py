"""The system as pages and the API show it: controllers, Asterisks, trunks, phones, the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from ivrserver.config import Settings
from ivrserver.monitoring.health import Checkup
from ivrserver.storage import Controllers, Jobs
from ivrserver.storage.controllers import ControllerRow
from ivrserver.telephony.asterisk.looking import Contact, Place, Places
from ivrserver.telephony.softphones import user_of

_REGISTERED: Final = "Registered"
_LATE: Final = 3
"""So many leases without a beat, and a controller is not there."""


class Finding(Protocol):
    """What was found about one part (`doctor.Finding`)."""

    @property
    def name(self) -> str:
        """The part."""
        ...

    @property
    def ok(self) -> bool:
        """Nothing needs to be done."""
        ...

    @property
    def detail(self) -> str:
        """What was found."""
        ...

    @property
    def mend(self) -> str:
        """What to do; empty if `ok`."""
        ...


class Doctor(Protocol):
    """Examines when somebody asks (`doctor.consultation.Consultation`)."""

    began_at: datetime | None
    ended_at: datetime | None

    @property
    def findings(self) -> Sequence[Finding]:
        """Of the newest examination, as far as it is."""
        ...

    @property
    def goes_on(self) -> bool:
        """Whether an examination is under way."""
        ...

    def begin(self) -> bool:
        """Begin to examine; False: it goes on already."""
        ...


@dataclass(frozen=True, slots=True)
class System:
    """What everything about the system is read from.

    Attributes:
        settings: in force.
        ready: what ``/readyz`` asks.
        doctor: examines this machine.
        places: every Asterisk.
        controllers: all that share the database.
        jobs: what is to be done.
    """

    settings: Settings
    ready: Checkup
    doctor: Doctor
    places: Places
    controllers: Controllers
    jobs: Jobs


class State(StrEnum):
    """How a trunk or a phone is."""

    WELL = "well"
    AWAY = "away"
    """A phone that is not registered: that may be meant."""
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PeerSeen:
    """A trunk or a phone at one Asterisk.

    Attributes:
        name: in the settings; of a softphone, its user's.
        asterisk: which one.
        state: for programs.
        text: for people.
        mend: what to do; empty: nothing, or nobody knows.
        contacts: where it is reached; None: only Asterisk's own machine can tell.
        channels: of calls that it is in now.
    """

    name: str
    asterisk: str
    state: State
    text: str
    mend: str = ""
    contacts: Sequence[Contact] | None = None
    channels: int = 0


_STARTED_BEFORE: Final = "these settings are newer than the running Asterisk: start it again"


def trunks_seen(settings: Settings, places: Sequence[Place]) -> Iterator[PeerSeen]:
    """Every trunk at every Asterisk."""
    for name in settings.trunks:
        for place in places:
            state, text, mend = _trunk(settings, name, place)
            yield _seen(name, place, state, text, mend)


def phones_seen(settings: Settings, places: Sequence[Place]) -> Iterator[PeerSeen]:
    """Every phone at every Asterisk."""
    for name in settings.phones:
        for place in places:
            state, text, mend = _phone(name, place)
            yield _seen(name, place, state, text, mend)


def softphones_seen(places: Sequence[Place]) -> list[PeerSeen]:
    """Pages that are open in somebody's browser and can be called; ordered by user."""
    found = [
        PeerSeen(user_of(name), place.name, State.WELL, "open", channels=peer.channels)
        for place in places
        for name, peer in place.peers.items()
        if user_of(name) and peer.is_there
    ]
    return sorted(found, key=lambda each: (each.name, each.asterisk))


def is_there(controller: ControllerRow, settings: Settings, now: datetime) -> bool:
    """Whether a controller still shows that it works."""
    patience = timedelta(seconds=settings.cluster.lease * _LATE)
    return not controller.released and now - controller.beaten_at < patience


def _seen(name: str, place: Place, state: State, text: str, mend: str) -> PeerSeen:
    peer = place.peers.get(name)
    contacts = None if place.contacts is None else place.contacts.get(name, ())
    channels = peer.channels if peer else 0
    return PeerSeen(name, place.name, state, text, mend, contacts, channels)


def _trunk(settings: Settings, name: str, place: Place) -> tuple[State, str, str]:
    trunk, peer = settings.trunks[name], place.peers.get(name)
    if place.problem:
        return State.UNKNOWN, "Asterisk does not answer", ""
    if peer is None:
        return State.BAD, "unknown to Asterisk", _STARTED_BEFORE
    if not peer.is_there:
        hint = ", and the carrier's certificate (sip.tls_ca)" if trunk.transport == "tls" else ""
        mend = (
            f"Look at trunks.{name}.host, port and transport, at the firewall{hint}. "
            "It is asked every minute."
        )
        return State.BAD, "does not answer", mend
    if not trunk.registers:
        return State.WELL, "answers", ""
    if place.registrations is None:
        return State.WELL, "answers; only its own machine knows whether we are registered", ""
    word = place.registrations.get(name, "Unregistered")
    if word == _REGISTERED:
        return State.WELL, "registered", ""
    mend = (
        f"Look at trunks.{name}.username and password, which the carrier has given. "
        "A new try comes within two minutes."
    )
    return State.BAD, word.lower(), mend


def _phone(name: str, place: Place) -> tuple[State, str, str]:
    if place.problem:
        return State.UNKNOWN, "Asterisk does not answer", ""
    peer = place.peers.get(name)
    if peer is None:
        return State.BAD, "unknown to Asterisk", _STARTED_BEFORE
    if peer.is_there:
        return State.WELL, "registered", ""
    mend = (
        f"Is it switched on? Its user is {name}, its password that of phones.{name}, "
        "its server the address above the list."
    )
    return State.AWAY, "not registered", mend
