"""What Asterisk tells about trunks and phones, made ready for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ivrserver.config import PhoneSettings, Settings, TrunkSettings
from ivrserver.storage.controllers import ControllerRow
from ivrserver.telephony.asterisk.looking import Contact, Peer, Place, Places, contacts_of
from ivrserver.web.system import State, is_there, phones_seen, softphones_seen, trunks_seen

SHOWN = """
  Contact:  <Aor/ContactUri..............................> <Hash....> <Status> <RTT(ms)..>
==========================================================================================

  Contact:  carrier/sip:sip.example.com                    9f2a3f9c5b Avail        12.345
  Contact:  desk/sip:desk@192.0.2.10:5062;ob               0b1c2d3e4f Unavail         nan
  Contact:  hall/sip:hall@192.0.2.11:5060                  0b1c2d3e4f NonQual         nan
  Contact:  softphone.ada.01/sip:x@127.0.0.1:4000;transpo  0b1c2d3e4f NonQual         nan

Objects found: 4
"""
SETTINGS = Settings(
    trunks={"carrier": TrunkSettings(host="sip.example.com", username="u", password="p",
                                     registers=True)},
    phones={"desk": PhoneSettings(password="p")},
)  # fmt: skip


def place(**known: object) -> Place:
    peers = {"carrier": Peer(True, 2), "desk": Peer(True, 0)}
    return Place("main", "127.0.0.1 port 8088", **{"peers": peers, **known})  # type: ignore[arg-type]


def test_contacts_are_read_from_the_console() -> None:
    found = contacts_of(SHOWN)
    assert found["carrier"] == [Contact("sip.example.com", True, 12.345)]
    assert found["desk"] == [Contact("192.0.2.10:5062", False, None)]
    assert found["hall"] == [Contact("192.0.2.11:5060", None, None)]


@pytest.mark.parametrize(
    ("known", "state", "text", "mend"),
    [
        ({"registrations": {"carrier": "Registered"}}, State.WELL, "registered", ""),
        ({"registrations": {"carrier": "Rejected"}}, State.BAD, "rejected", "password"),
        ({"registrations": {}}, State.BAD, "unregistered", "password"),
        ({"registrations": None}, State.WELL, "only its own machine", ""),
        ({"peers": {"carrier": Peer(False, 0)}}, State.BAD, "does not answer", "firewall"),
        ({"peers": {}}, State.BAD, "unknown to Asterisk", "start it again"),
        ({"problem": "away", "peers": {}}, State.UNKNOWN, "Asterisk does not answer", ""),
    ],
)
def test_a_trunk_says_what_to_do(
    known: dict[str, object], state: State, text: str, mend: str
) -> None:
    (seen,) = trunks_seen(SETTINGS, [place(**known)])
    assert seen.state is state
    assert text in seen.text
    assert mend in seen.mend
    assert bool(seen.mend) == bool(mend)


def test_a_trunk_that_registers_nowhere_only_has_to_answer() -> None:
    plain = Settings(trunks={"carrier": TrunkSettings(host="sip.example.com")})
    (seen,) = trunks_seen(plain, [place(registrations={})])
    assert (seen.state, seen.text, seen.channels) == (State.WELL, "answers", 2)


def test_a_phone_that_is_away_is_no_fault() -> None:
    (here,) = phones_seen(SETTINGS, [place(contacts=contacts_of(SHOWN))])
    assert (here.state, here.contacts) == (State.WELL, [Contact("192.0.2.10:5062", False, None)])
    (away,) = phones_seen(SETTINGS, [place(peers={"desk": Peer(False, 0)})])
    assert away.state is State.AWAY
    assert "phones.desk" in away.mend
    (unknown,) = phones_seen(SETTINGS, [place(peers={})])
    assert unknown.state is State.BAD


def test_softphones_are_those_that_are_there() -> None:
    peers = {"softphone.mia.01": Peer(True, 1), "softphone.ben.02": Peer(False, 0)}
    (seen,) = softphones_seen([place(peers=peers)])
    assert (seen.name, seen.channels) == ("mia", 1)


async def test_an_asterisk_that_does_not_answer_is_told_as_that() -> None:
    ari = Settings().ari.model_copy(update={"port": 1})
    seen = await Places(Settings(ari=ari)).look()
    assert [(each.name, bool(each.problem)) for each in seen] == [("main", True)]


def test_a_controller_that_is_silent_is_not_there() -> None:
    now = datetime.now(UTC)
    there = ControllerRow("a", now, now, released=False, calls=0)
    silent = ControllerRow("a", now, now - timedelta(minutes=5), released=False, calls=1)
    left = ControllerRow("a", now, now, released=True, calls=0)
    assert [is_there(each, SETTINGS, now) for each in (there, silent, left)] == [True, False, False]
