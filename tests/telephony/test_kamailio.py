"""Kamailio as docker/kamailio sets it up, between carriers and Asterisks that are but addresses."""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.telephony.bare_sip import header, reply
from tests.tools import tool

pytestmark = pytest.mark.telephony

RUN = Path(__file__).parents[2] / "docker" / "kamailio" / "run.sh"
UDP_PORTS = Path("/proc/net/udp")
PATIENCE = 10.0
SIP = 5060


class Peer(asyncio.DatagramProtocol):
    """Somebody with a SIP address; answers Kamailio's own questions whether it is there."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[str] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode()
        if text.startswith("OPTIONS"):
            self.transport.sendto(reply(text, "200 OK", "up"), addr)
        else:
            self.inbox.put_nowait(text)

    async def gets(self, begins: str) -> str:
        """The next message that begins so; others before it are passed over."""
        async with asyncio.timeout(PATIENCE):
            while not (text := await self.inbox.get()).startswith(begins):
                pass
            return text


@dataclass
class Net:
    """A small network of loopback addresses of its own, Kamailio in its middle."""

    prefix: str
    peers: dict[int, Peer] = field(default_factory=dict)

    def address(self, last: int) -> str:
        return f"{self.prefix}.{last}"

    async def peer(self, last: int) -> None:
        place = (self.address(last), SIP)
        loop = asyncio.get_running_loop()
        transport, peer = await loop.create_datagram_endpoint(Peer, local_addr=place)
        peer.transport, self.peers[last] = transport, peer

    def hears(self, port: int) -> bool:
        """Whether Kamailio has that UDP port."""
        address = socket.inet_aton(self.address(PROXY))[::-1].hex().upper()
        return f" {address}:{port:04X} " in UDP_PORTS.read_text()

    def send(self, last: int, message: bytes, port: int = SIP) -> None:
        self.peers[last].transport.sendto(message, (self.address(PROXY), port))

    def request(self, method: str, sender: int, call: str, *more: str, uri: str = "") -> bytes:
        own = self.address(sender)
        lines = [
            f"{method} {uri or f'sip:100@{self.address(PROXY)}'} SIP/2.0",
            f"Via: SIP/2.0/UDP {own}:{SIP};branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: <sip:2125550123@{own}>;tag=caller",
            f"To: <sip:100@{own}>",
            f"Call-ID: {call}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:2125550123@{own}>",
            *more,
        ]
        return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


PROXY, FIRST, SECOND, CARRIER, STRANGER = 10, 11, 12, 77, 99
INSIDE = 5062


def starter(folder: Path) -> Path:
    """A folder in which the command `kamailio` starts the fetched one."""
    program = tool("kamailio")
    modules = f"-L {program.libraries / 'kamailio' / 'modules'}"
    command = folder / "kamailio"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(program.argv)} {modules} "$@"\n')
    command.chmod(0o755)
    return folder


def own_prefix() -> str:
    """The beginning of loopback addresses that only these tests use."""
    number = os.getpid()
    return f"127.{1 + number // 250 % 250}.{1 + number % 250}"


@asynccontextmanager
async def kamailio(folder: Path, *lasts: int, **more: str) -> AsyncIterator[Net]:
    """A network of its own with these peers, and Kamailio in its middle."""
    net = Net(own_prefix())
    state = folder / "run"
    state.mkdir()
    process = None
    try:
        for last in lasts:
            await net.peer(last)
        process = await asyncio.create_subprocess_exec(
            "sh", str(RUN), env=environment(folder, net) | {"KAMAILIO_RUN": str(state)} | more
        )  # fmt: skip
        # What comes before nobody gets: these peers send everything once.
        async with asyncio.timeout(PATIENCE):
            while not all(net.hears(port) for port in (SIP, INSIDE)):
                assert process.returncode is None, "Kamailio has ended"
                await asyncio.sleep(0.05)
        yield net
    finally:
        for peer in net.peers.values():
            peer.transport.close()
        if process is not None and process.returncode is None:
            process.terminate()
            await process.wait()


def environment(folder: Path, net: Net) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{starter(folder)}:{os.environ['PATH']}",
        "KAMAILIO_ADDRESS": net.address(PROXY),
        "KAMAILIO_ASTERISKS": f"{net.address(FIRST)} {net.address(SECOND)}",
        "IVRSERVER_TRUNKS__CARRIER__HOST": "sip.example.com",
        "IVRSERVER_TRUNKS__CARRIER__ACCEPT_FROM": f'["{net.address(CARRIER)}"]',
    }


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[Net]:
    async with kamailio(tmp_path, FIRST, SECOND, CARRIER, STRANGER) as found:
        yield found


async def whoever_gets(net: Net, *lasts: int) -> tuple[int, str]:
    """The first of these that an INVITE reaches, and the INVITE."""
    waiting = {asyncio.create_task(net.peers[last].gets("INVITE")): last for last in lasts}
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    # On a busy machine the next one may have been asked by now, too, in a branch of higher number.
    task = min(done, key=lambda each: header(each.result(), "Via"))
    return waiting[task], task.result()


async def test_calls_are_spread_and_say_which_trunk_they_come_by(net: Net) -> None:
    reached = []
    for call in ("one", "two"):
        forged = ("X-Trunk: other", f"Route: <sip:{net.address(STRANGER)};lr>")
        net.send(CARRIER, net.request("INVITE", CARRIER, call, *forged))
        last, invite = await whoever_gets(net, FIRST, SECOND)
        reached.append(last)
        assert header(invite, "X-Trunk") == "carrier"
        assert "X-Trunk: other" not in invite
        assert header(invite, "Route") == ""
        routes = [line for line in invite.splitlines() if line.startswith("Record-Route")]
        assert [f":{INSIDE};" in route for route in routes] == [True, False]
        net.send(last, reply(invite, "200 OK", call, contact="<sip:far>"), INSIDE)
        await net.peers[CARRIER].gets("SIP/2.0 200")
    assert sorted(reached) == [FIRST, SECOND]


async def test_an_asterisk_that_is_gone_is_passed_over(net: Net) -> None:
    net.peers[FIRST].transport.close()
    for call in ("one", "two", "three"):
        net.send(CARRIER, net.request("INVITE", CARRIER, call))
        invite = await net.peers[SECOND].gets("INVITE")
        assert header(invite, "Call-ID") == call
        net.send(SECOND, reply(invite, "200 OK", call, contact="<sip:b>"), INSIDE)
        await net.peers[CARRIER].gets("SIP/2.0 200")


async def test_one_that_has_no_room_sends_the_call_on_and_all_are_told_to_the_caller(
    net: Net,
) -> None:
    net.send(CARRIER, net.request("INVITE", CARRIER, "one"))
    last, invite = await whoever_gets(net, FIRST, SECOND)
    net.send(last, reply(invite, "503 Service Unavailable", "full"), INSIDE)
    other = SECOND if last == FIRST else FIRST
    again = await net.peers[other].gets("INVITE")
    assert header(again, "Call-ID") == "one"
    net.send(other, reply(again, "503 Service Unavailable", "full"), INSIDE)
    refusal = await net.peers[CARRIER].gets("SIP/2.0 5")
    assert refusal.startswith("SIP/2.0 503")
    assert header(refusal, "Retry-After") == "5"


async def test_one_that_dies_after_it_has_taken_the_call_is_passed_over_for_it(net: Net) -> None:
    net.send(CARRIER, net.request("INVITE", CARRIER, "one", "X-Elsewhere: forged"))
    last, invite = await whoever_gets(net, FIRST, SECOND)
    assert header(invite, "X-Elsewhere") == "yes"
    net.send(last, reply(invite, "100 Trying", "a"), INSIDE)
    other = SECOND if last == FIRST else FIRST
    again = await net.peers[other].gets("INVITE")
    assert header(again, "Call-ID") == "one"
    assert header(again, "X-Elsewhere") == ""
    assert header(await net.peers[last].gets("CANCEL"), "Call-ID") == "one"
    net.send(other, reply(again, "200 OK", "b", contact="<sip:b>"), INSIDE)
    assert (await net.peers[CARRIER].gets("SIP/2.0 2")).startswith("SIP/2.0 200")


async def test_one_that_rings_is_given_its_time(net: Net) -> None:
    net.send(CARRIER, net.request("INVITE", CARRIER, "one"))
    last, invite = await whoever_gets(net, FIRST, SECOND)
    net.send(last, reply(invite, "100 Trying", "a"), INSIDE)
    net.send(last, reply(invite, "180 Ringing", "a"), INSIDE)
    await net.peers[CARRIER].gets("SIP/2.0 180")
    # Longer than a call that only got 100 Trying waits; the OPTIONS are answered meanwhile.
    await asyncio.sleep(2.5)
    net.send(last, reply(invite, "200 OK", "a", contact="<sip:a>"), INSIDE)
    await net.peers[CARRIER].gets("SIP/2.0 200")
    assert net.peers[SECOND if last == FIRST else FIRST].inbox.empty()


async def test_a_refusal_by_the_flow_is_the_callers_answer(net: Net) -> None:
    net.send(CARRIER, net.request("INVITE", CARRIER, "one"))
    last, invite = await whoever_gets(net, FIRST, SECOND)
    net.send(last, reply(invite, "486 Busy Here", "busy"), INSIDE)
    assert (await net.peers[CARRIER].gets("SIP/2.0 4")).startswith("SIP/2.0 486")


async def test_nobody_else_is_let_in_or_answered(net: Net) -> None:
    for method in ("INVITE", "REGISTER", "OPTIONS"):
        net.send(STRANGER, net.request(method, STRANGER, method))
    net.send(STRANGER, net.request("INVITE", STRANGER, "inside"), INSIDE)
    net.send(CARRIER, net.request("OPTIONS", CARRIER, "alive"))
    await net.peers[CARRIER].gets("SIP/2.0 200")
    net.send(CARRIER, net.request("REGISTER", CARRIER, "alive"))
    await net.peers[CARRIER].gets("SIP/2.0 405")
    assert net.peers[STRANGER].inbox.empty()
    assert net.peers[FIRST].inbox.empty()
    assert net.peers[SECOND].inbox.empty()


async def test_a_leg_goes_out_to_its_trunk_and_its_end_comes_back(net: Net) -> None:
    carrier, proxy = net.address(CARRIER), net.address(PROXY)
    through = f"Route: <sip:{proxy}:{INSIDE};lr>"
    leg = net.request("INVITE", FIRST, "leg", through, uri=f"sip:2125550100@{carrier}")
    net.send(FIRST, leg, INSIDE)
    invite = await net.peers[CARRIER].gets("INVITE sip:2125550100@")
    assert header(invite, "Route") == ""
    answer = reply(invite, "200 OK", "far", contact=f"<sip:{carrier}>").decode()
    recorded = [line for line in invite.splitlines() if line.startswith("Record-Route")]
    net.send(
        CARRIER, answer.replace("\r\n\r\n", "\r\n" + "\r\n".join([*recorded, "", ""])).encode()
    )
    await net.peers[FIRST].gets("SIP/2.0 200")

    back = [line.replace("Record-Route", "Route") for line in recorded]
    bye = net.request("BYE", CARRIER, "leg", *back, uri=f"sip:2125550123@{net.address(FIRST)}")
    net.send(CARRIER, bye.replace(b">\r\nCall-ID", b">;tag=caller\r\nCall-ID"))
    assert header(await net.peers[FIRST].gets("BYE"), "Call-ID") == "leg"


async def test_peers_outside_are_told_the_public_address(tmp_path: Path) -> None:
    public = {
        "IVRSERVER_NETWORK__PUBLIC_ADDRESS": "192.0.2.10",
        "IVRSERVER_NETWORK__PUBLIC_SIP_PORT": "5070",
    }
    async with kamailio(tmp_path, FIRST, SECOND, CARRIER, **public) as net:
        net.send(CARRIER, net.request("INVITE", CARRIER, "one"))
        _, invite = await whoever_gets(net, FIRST, SECOND)
        assert "Record-Route: <sip:192.0.2.10:5070;" in invite
        assert f"Record-Route: <sip:{net.address(PROXY)}:{INSIDE};" in invite
