"""Softphones as Asterisk keeps them. On a real one: `tests/contract/test_softphones.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import SoftphoneSettings
from ivrserver.errors import AriRefused, AriUnavailable
from ivrserver.flow.ports import LegOrder, LegOutcome
from ivrserver.telephony.bridge_recording import BridgeRecorder
from ivrserver.telephony.dialer import AriDialer
from ivrserver.telephony.live import Live
from ivrserver.telephony.router import Router
from ivrserver.telephony.routes import Routes
from ivrserver.telephony.softphones import Softphones, user_of
from ivrserver.telephony.stored import StoredRecordings
from tests.fakes import FakeChannel
from tests.unit.telephony.fake_ari import FakeAri


class Scene:
    """Softphones of one Asterisk, and a clock."""

    def __init__(self) -> None:
        self.ari, self.now = FakeAri(), 1000.0
        self.softphones = Softphones(self.ari, SoftphoneSettings(), lambda: self.now)

    async def registered(self, user: str) -> str:
        line = await self.softphones.open(user)
        self.ari.states[line.name] = "online"
        return line.name


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_softphone_has_a_secret_and_a_place_of_its_own(scene: Scene) -> None:
    line = await scene.softphones.open("anna")
    assert user_of(line.name) == "anna"
    assert len(line.password) >= 32
    assert line.password not in repr(line)
    login = scene.ari.sip["auth", line.name]
    assert (login["username"], login["password"]) == (line.name, line.password)
    assert scene.ari.sip["aor", line.name]["max_contacts"] == "1"
    endpoint = scene.ari.sip["endpoint", line.name]
    assert (endpoint["webrtc"], endpoint["context"]) == ("yes", "softphone")
    assert (endpoint["auth"], endpoint["aors"]) == (line.name, line.name)
    assert endpoint["callerid"] == '"anna" <anna>'
    other = await scene.softphones.open("anna")
    assert (other.name, other.password) != (line.name, line.password)


@pytest.mark.parametrize(
    ("modules", "codecs"),
    [
        (set(), "ulaw,alaw"),
        ({"codec_opus_open_source.so"}, "opus,ulaw,alaw"),
        ({"codec_opus.so"}, "opus,ulaw,alaw"),
    ],
)
async def test_opus_is_offered_where_it_can_be_had(
    scene: Scene, modules: set[str], codecs: str
) -> None:
    scene.ari.modules = modules
    line = await scene.softphones.open("anna")
    assert scene.ari.sip["endpoint", line.name]["allow"] == codecs


async def test_what_is_only_half_made_is_taken_away_again(scene: Scene) -> None:
    scene.ari.errors["configure"] = []
    await scene.softphones.open("anna")
    before = dict(scene.ari.sip)

    async def refuse(kind: str, name: str, fields: object) -> None:
        scene.ari.sip[kind, name] = {}
        if kind == "endpoint":
            raise AriRefused("no", 400)

    scene.ari.configure = refuse  # type: ignore[method-assign]
    with pytest.raises(AriRefused):
        await scene.softphones.open("anna")
    assert scene.ari.sip == before


@pytest.mark.parametrize(
    ("endpoint", "user"),
    [
        ("softphone.anna.01m8h1kp3cmxfxgbw93v7h02z8", "anna"),
        ("softphone.front_desk-2.01m8h1kp3cmxfxgbw93v7h02z8", "front_desk-2"),
        ("softphone", ""),
        ("anna", ""),
        ("", ""),
    ],
)
def test_a_name_says_whose_it_is(endpoint: str, user: str) -> None:
    assert user_of(endpoint) == user


async def test_a_user_is_called_at_the_newest_page_that_is_there(scene: Scene) -> None:
    assert await scene.softphones.newest_of("anna") == ""
    first = await scene.registered("anna")
    second = await scene.registered("anna")
    await scene.softphones.open("anna")
    await scene.registered("ann")
    assert await scene.softphones.newest_of("anna") == second
    scene.ari.states[second] = "offline"
    assert await scene.softphones.newest_of("anna") == first
    assert set(await scene.softphones.reachable()) == {"anna", "ann"}


async def test_closing_hangs_up_and_leaves_nothing(scene: Scene) -> None:
    name = await scene.registered("anna")
    other = await scene.registered("bert")
    scene.ari.talking[name] = ["1795820893.0"]
    await scene.softphones.close(name)
    assert {found for _, found in scene.ari.sip} == {other}
    assert scene.ari.asked[-1] == "hang_up normal"
    assert not await scene.softphones.exists(name)
    assert await scene.softphones.exists(other)


async def test_phones_and_trunks_are_not_taken_away(scene: Scene) -> None:
    scene.ari.states = {"carrier": "online", "desk": "offline"}
    with pytest.raises(ValueError, match="only softphones"):
        await scene.softphones.close("desk")
    for _ in range(3):
        scene.now += 100
        await scene.softphones.sweep()
    assert set(scene.ari.states) == {"carrier", "desk"}
    assert not await scene.softphones.exists("desk")


async def test_who_stays_away_is_removed_whoever_made_it(scene: Scene) -> None:
    left = (await scene.softphones.open("anna")).name
    there = await scene.registered("anna")
    another = Softphones(scene.ari, SoftphoneSettings(), lambda: scene.now)
    await another.sweep()
    scene.now += 59
    await another.sweep()
    assert left in scene.ari.states
    scene.now += 1
    await another.sweep()
    assert set(scene.ari.states) == {there}


async def test_who_comes_back_in_time_stays(scene: Scene) -> None:
    name = await scene.registered("anna")
    for state in ("offline", "online", "offline"):
        scene.ari.states[name] = state
        await scene.softphones.sweep()
        scene.now += 40
    await scene.softphones.sweep()
    assert name in scene.ari.states
    scene.now += 21
    await scene.softphones.sweep()
    assert name not in scene.ari.states


async def test_pages_without_end_make_room_for_each_other(scene: Scene) -> None:
    names = [await scene.registered("anna") for _ in range(10)]
    bert = await scene.registered("bert")
    assert set(scene.ari.states) == {*names[2:], bert}


def dialer_of(scene: Scene, folder: Path) -> AriDialer:
    return AriDialer(
        scene.ari,
        Router(),
        Live(),
        routes=Routes({}, {}, "US"),
        trunks={},
        recorder=BridgeRecorder(folder, "stereo", StoredRecordings(scene.ari, "stereo", folder)),
        softphones=scene.softphones,
    )


async def test_who_is_not_there_is_unreachable_at_once(scene: Scene, tmp_path: Path) -> None:
    dialer = dialer_of(scene, tmp_path)
    order = LegOrder(leg_id="leg", destination="anna", caller_id="", timeout=1)
    dialled = await dialer.dial(order, caller=FakeChannel())
    assert dialled.outcome is LegOutcome.UNREACHABLE
    assert "anna" in dialled.reason
    scene.ari.errors["endpoints"] = [AriUnavailable("no answer")]
    dialled = await dialer.dial(order, caller=FakeChannel())
    assert dialled.outcome is LegOutcome.FAILED
