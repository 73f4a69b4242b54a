"""Trunks to a carrier that is another SIP server: by login, by address, encrypted; by prefix."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from ivrserver.config import DialSettings
from ivrserver.demo import listening
from ivrserver.demo.phone import Phone, PhoneAccount, PhoneError
from ivrserver.doctor import Finding
from ivrserver.doctor.sip import examine_sip
from ivrserver.flow.ports import Channel, LegOutcome
from ivrserver.telephony.asterisk.ping import Ping
from tests.telephony import second_asterisk
from tests.telephony.carrier import carrier
from tests.telephony.office import Office, office, office_settings, until
from tests.telephony.second_asterisk import ADDRESS, BY_ADDRESS, ENCRYPTED, REGISTERS, Exchange

pytestmark = pytest.mark.telephony

PHONES = {"desk": {"password": "four-words=1", "extension": "204"}}
NUMBER = "2125550123"
LOGIN = {"username": "member", "password": "right;horse", "registers": True}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an authority, of certificates that it signed, and of another authority."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    stranger = trustme.CA().issue_cert(ADDRESS)
    stranger.private_key_and_cert_chain_pem.write_to_path(str(folder / "strangers.pem"))
    for name, address in {"carrier": ADDRESS, "us": "127.0.0.1", "misnamed": "a.example"}.items():
        issued = authority.issue_cert(address)
        issued.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))
    return folder


@asynccontextmanager
async def connected(
    folder: Path, member: str, trunk: dict[str, object], *, tls: Path | None = None, ours: str = ""
) -> AsyncIterator[tuple[Office, Exchange]]:
    """An office whose only trunk leads to a carrier.

    Args:
        folder: an empty one.
        member: how the carrier knows the office.
        trunk: settings of the trunk, but for the address.
        tls: where certificates are, if the carrier has one.
        ours: name of the office's own certificate; empty: it has none.
    """
    sip: dict[str, object] = {}
    if tls is not None:
        sip["tls_ca"] = tls / "authority.pem"
    if tls is not None and ours:
        sip |= {"tls_certificate": tls / f"{ours}.pem", "tls_key": tls / f"{ours}.pem"}
    settings = office_settings(
        folder / "us", trunks={"carrier": {"host": ADDRESS} | trunk}, phones=PHONES, **sip
    )
    encrypted = trunk.get("transport") == "tls"
    port = settings.sip.tls_port if encrypted else settings.sip.port
    where = f"127.0.0.1:{port}" + (";transport=tls" if encrypted else "")
    async with second_asterisk.exchange(folder / "them", member, where, tls=tls) as them:
        port = them.settings.sip.tls_port if encrypted else them.settings.sip.port
        carrier = settings.trunks["carrier"].model_copy(update={"port": port})
        async with office(settings.model_copy(update={"trunks": {"carrier": carrier}})) as us:
            yield us, them


@asynccontextmanager
async def calling(
    us: Office, authorities: Path | None = None
) -> AsyncIterator[tuple[Phone, Channel]]:
    """The desk phone on a call that has been answered."""
    async with us.phone("desk", authorities) as desk:
        dialling = await us.call(desk, "8001", tls=authorities is not None)
        channel, _ = await us.arrival()
        await channel.answer()
        await dialling
        yield desk, channel


async def talk(us: Office, them: Exchange, words: Path, authorities: Path | None = None) -> None:
    """Assert that a leg to the carrier comes about, and that both sides hear each other."""
    second_asterisk.voice(words, 1)
    async with calling(us, authorities) as (desk, caller):
        async with us.connected(caller, NUMBER, "3125550199"):
            await them.tells(f"dialled={NUMBER} shown=3125550199")
            await them.tells("listening")
            await desk.speak(words)
            await asyncio.sleep(0.5)
        heard = listening.load((await desk.hang_up()).path)
    assert listening.contains_whole(heard, listening.load(them.says))
    await them.tells("over")
    assert listening.contains_whole(listening.load(them.heard), listening.load(words))


async def said(us: Office, part: str, text: str) -> Finding:
    """Wait until the doctor says `text` about a part."""
    last: Finding | None = None

    async def is_said() -> bool:
        nonlocal last
        findings = await examine_sip(us.settings, Ping.READY)
        (last,) = (finding for finding in findings if finding.name == part)
        return text in last.detail

    await until(is_said)
    assert last is not None
    return last


async def test_a_trunk_that_registers_takes_and_gives_calls(tmp_path: Path) -> None:
    async with connected(tmp_path, REGISTERS, LOGIN) as (us, them):
        assert (await said(us, "trunk carrier", "answers, registered")).ok
        assert (await said(us, "phone desk", "not registered")).ok
        await talk(us, them, tmp_path / "words.wav")
        for dialled, number in (("registered", "member"), ("2125550100", "2125550100")):
            await them.calls(dialled)
            channel, call = await us.arrival()
            assert (call.number_called, call.caller_id) == (number, second_asterisk.SHOWS)
            assert call.endpoint == "carrier"
            await channel.hang_up()


async def test_a_trunk_whose_password_is_wrong_says_so(tmp_path: Path) -> None:
    wrong = LOGIN | {"password": "wrong;horse"}
    async with connected(tmp_path, REGISTERS, wrong) as (us, _):
        finding = await said(us, "trunk carrier", "answers, rejected")
        assert not finding.ok
        assert "trunks.carrier.username and password" in finding.mend
        async with calling(us) as (desk, caller):
            leg = await us.dial(caller, NUMBER)
            assert leg.outcome is LegOutcome.REJECTED
            assert "SIP 401" in leg.reason
            await desk.hang_up()


async def test_a_trunk_is_known_by_its_address(tmp_path: Path) -> None:
    async with connected(tmp_path, BY_ADDRESS, {}) as (us, them):
        await talk(us, them, tmp_path / "words.wav")
        await them.calls("2125550100")
        channel, call = await us.arrival()
        assert call.endpoint == "carrier"
        assert (call.number_called, call.caller_id) == ("2125550100", second_asterisk.SHOWS)
        await channel.hang_up()


async def test_from_other_addresses_nobody_calls(tmp_path: Path) -> None:
    elsewhere = {"accept_from": ["192.0.2.0/24"]}
    async with connected(tmp_path, BY_ADDRESS, elsewhere) as (us, them):
        await them.calls("2125550100")
        log = us.asterisk.folders.log / "messages.log"

        async def refused() -> bool:
            return 'AccountID="<unknown>"' in log.read_text()

        await until(refused)
        assert us.arrived.empty()


async def test_signalling_and_audio_are_encrypted_both_ways(
    tmp_path: Path, certificates: Path
) -> None:
    trunk = {"transport": "tls", "srtp": True}
    async with connected(tmp_path, ENCRYPTED, trunk, tls=certificates, ours="us") as (us, them):
        await them.console(f"pjsip set logger pcap {tmp_path}/sip.pcap")
        await them.console("pjsip set logger on")
        await talk(us, them, tmp_path / "words.wav")
        await them.tells("signalling=1 audio=1")
        await them.console("pjsip set logger off")
        sent = (tmp_path / "sip.pcap").read_bytes()
        assert b"RTP/SAVP" in sent
        assert b"a=crypto:" in sent
        assert b"RTP/AVP " not in sent
        await them.calls("2125550100")
        channel, call = await us.arrival()
        assert call.endpoint == "carrier"
        await channel.answer()
        assert await us.variable(channel, "CHANNEL(pjsip,secure)") == "1"
        assert await us.variable(channel, "CHANNEL(rtp,secure,audio)") == "1"
        await channel.hang_up()


async def test_nobody_becomes_the_carrier_by_its_name(tmp_path: Path) -> None:
    trunks = {"carrier": {"host": ADDRESS}}
    async with office(office_settings(tmp_path, trunks=trunks)) as us:
        async with Phone(us.settings.packages, PhoneAccount(user="carrier")) as stranger:
            with pytest.raises(PhoneError, match="not answered"):
                await (await us.call(stranger, "2125550100"))
        assert us.arrived.empty()


@pytest.mark.parametrize("wrong", ["authority", "name"])
async def test_a_carrier_whose_certificate_is_not_right_is_not_talked_to(
    tmp_path: Path, certificates: Path, wrong: str
) -> None:
    tls = tmp_path / "tls"
    shutil.copytree(certificates, tls)
    if wrong == "name":
        shutil.copy(tls / "misnamed.pem", tls / "carrier.pem")
    else:
        shutil.copy(tls / "strangers.pem", tls / "carrier.pem")
    trunk = {"transport": "tls", "srtp": True}
    async with (
        connected(tmp_path, ENCRYPTED, trunk, tls=tls) as (us, them),
        calling(us) as (desk, caller),
    ):
        finding = await said(us, "trunk carrier", "does not answer")
        assert "sip.tls_ca" in finding.mend
        leg = await us.dial(caller, NUMBER)
        assert leg.outcome in {LegOutcome.CONGESTION, LegOutcome.UNREACHABLE}, leg
        assert "dialled=" not in them.log.read_text()
        await desk.hang_up()


async def test_a_trunk_without_a_certificate_of_our_own_is_encrypted_too(
    tmp_path: Path, certificates: Path
) -> None:
    trunk = {"transport": "tls", "srtp": True}
    async with connected(tmp_path, ENCRYPTED, trunk, tls=certificates) as (us, them):
        await talk(us, them, tmp_path / "words.wav")
        await them.tells("signalling=1 audio=1")


async def test_a_carrier_that_wants_encryption_gets_no_call_without(
    tmp_path: Path, certificates: Path
) -> None:
    async with (
        connected(tmp_path, ENCRYPTED, {"transport": "tls"}, tls=certificates) as (us, _),
        calling(us) as (desk, caller),
    ):
        leg = await us.dial(caller, NUMBER)
        assert (leg.outcome, leg.reason) == (
            LegOutcome.FAILED,
            "no common codec (SIP 488, cause 58)",
        )
        await desk.hang_up()


async def test_the_prefix_of_a_number_decides_over_which_trunk_it_goes(tmp_path: Path) -> None:
    async with carrier() as (east, east_port), carrier() as (west, west_port):
        trunks = {
            "east": {"host": "127.0.0.1", "port": east_port, "prefixes": ["+12125550486"]},
            "west": {"host": "127.0.0.1", "port": west_port},
        }
        settings = office_settings(tmp_path, trunks=trunks, phones=PHONES)
        world = DialSettings(allow=("+1", "+44"))
        settings = settings.model_copy(update={"dial": world})
        async with office(settings) as us, calling(us) as (desk, caller):
            assert (await us.dial(caller, "(212) 555-0486")).outcome is LegOutcome.BUSY
            assert (await us.dial(caller, "2125550603")).outcome is LegOutcome.REJECTED
            assert (await us.dial(caller, "011 44 20 7946 0000")).outcome is LegOutcome.UNREACHABLE
            assert (await us.dial(caller, "900 555 1234")).outcome is LegOutcome.REFUSED
            await desk.hang_up()
    invited = [
        {number for _, kind, number in each.events if kind == "INVITE"} for each in (east, west)
    ]
    assert invited == [{"2125550486"}, {"2125550603", "+442079460000"}]
