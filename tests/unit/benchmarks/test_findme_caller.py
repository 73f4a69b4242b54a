"""A caller's SIP: a call is placed, confirmed, and ended by either side."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from benchmarks.findme.caller import Caller
from tests.telephony.agent_line import sdp
from tests.telephony.bare_sip import header, reply
from tests.telephony.wire import Wires

SERVER = ("127.0.0.1", 5060)
CONTACT = "<sip:127.0.0.1:5060>"


class Sent(asyncio.DatagramTransport):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 40000)})
        self.messages: list[str] = []
        self.closed = False

    def sendto(self, data: object, addr: object = None) -> None:
        assert addr == SERVER
        assert isinstance(data, bytes)
        self.messages.append(data.decode())

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def caller(sent: Sent) -> Iterator[Caller]:
    with Wires().running() as wires:
        calling = Caller("2122000000", "8105", SERVER[1], wires.open())
        calling.connection_made(sent)
        yield calling


def take(caller: Caller, message: bytes | str) -> None:
    caller.datagram_received(message if isinstance(message, bytes) else message.encode(), SERVER)


def answer(caller: Caller, sent: Sent) -> None:
    take(caller, reply(sent.messages[0], "200 OK", "far", contact=CONTACT, body=sdp(16000, 101)))


def bye(sent: Sent) -> str:
    via = "Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1"
    dialog = f"Call-ID: {header(sent.messages[0], 'Call-ID')}\r\nCSeq: 77 BYE"
    return f"BYE sip:2122000000@127.0.0.1:40000 SIP/2.0\r\n{via}\r\n{dialog}\r\n\r\n"


def test_an_answer_is_confirmed_as_often_as_it_comes(caller: Caller, sent: Sent) -> None:
    assert sent.messages[0].startswith("INVITE sip:8105@127.0.0.1:5060 SIP/2.0\r\n")
    assert f"m=audio {caller.wire.port} " in sent.messages[0]
    take(caller, reply(sent.messages[0], "100 Trying"))
    assert not caller.answered
    answer(caller, sent)
    first = caller.answered
    answer(caller, sent)
    assert first == caller.answered > 0
    assert [message.split()[0] for message in sent.messages] == ["INVITE", "ACK", "ACK"]
    assert header(sent.messages[1], "To").endswith(";tag=far")


def test_audio_reports_of_a_neighbour_are_passed_over(caller: Caller, sent: Sent) -> None:
    take(caller, b"\x81\xc9\x00\x07" + bytes(28))
    assert len(sent.messages) == 1


def test_a_refused_call_is_not_answered(caller: Caller, sent: Sent) -> None:
    take(caller, reply(sent.messages[0], "503 Service Unavailable", "far"))
    assert not caller.answered
    assert sent.messages[1].startswith("ACK ")


def test_a_caller_hangs_up_once_and_waits_for_the_confirmation(caller: Caller, sent: Sent) -> None:
    answer(caller, sent)
    caller.hang_up()
    caller.hang_up()
    assert [message.split()[0] for message in sent.messages] == ["INVITE", "ACK", "BYE"]
    assert sent.messages[2].startswith("BYE sip:127.0.0.1:5060 ")
    assert not caller.closed.is_set()
    take(caller, reply(sent.messages[2], "200 OK"))
    assert caller.closed.is_set()


def test_the_servers_hang_up_is_confirmed(caller: Caller, sent: Sent) -> None:
    answer(caller, sent)
    take(caller, bye(sent))
    assert caller.closed.is_set()
    assert caller.ended >= caller.answered
    assert sent.messages[2].startswith("SIP/2.0 200 OK")
    caller.hang_up()
    assert len(sent.messages) == 3


def test_a_caller_leaves_the_port_free(caller: Caller, sent: Sent) -> None:
    caller.close()
    assert sent.closed
