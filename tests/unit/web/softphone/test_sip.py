"""What browsers may send to Asterisk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.web.softphone.sip import Talks, objection

LINE = "softphone.anna.01m8h1kp3cmxfxgbw93v7h02z8"


def request(
    method: str = "INVITE",
    sender: str = f"<sip:{LINE}@ivrserver>;tag=abc123",
    to: str = "<sip:100@ivrserver>",
    *,
    start: str = "",
    more: str = "",
    body: str = "v=0\r\n",
) -> str:
    """A message as JsSIP writes it."""
    start = start or f"{method} sip:100@ivrserver SIP/2.0"
    return (
        f"{start}\r\nVia: SIP/2.0/WS abc.invalid;branch=z9hG4bK1\r\nMax-Forwards: 69\r\n"
        f"To: {to}\r\nFrom: {sender}\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


@pytest.mark.parametrize(
    "message",
    [
        request(),
        request("REGISTER", to=f"<sip:{LINE}@ivrserver>"),
        request("ACK"),
        request("CANCEL"),
        request(sender=f'"Anna" <sip:{LINE}@ivrserver>;tag=1'),
        request(more="X-Odd: From: <sip:other@x>\r\n"),
        request(body="From: <sip:other@x>\r\n"),
        # Of a call that came to it, where it is called something else.
        request("BYE", "<sip:q7s1@abc.invalid>;tag=1", "<sip:caller@ivrserver>;tag=as1"),
        "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/WS x\r\n\r\n",
        "SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/WS x\r\n\r\n",
        "\r\n\r\n",
        "\r\n",
    ],
)
def test_what_a_softphone_sends_is_passed_on(message: str) -> None:
    assert objection(message, LINE) == ""


@pytest.mark.parametrize(
    "message",
    [
        request(sender="<sip:carrier@ivrserver>;tag=1"),
        request(sender=f"<sip:{LINE}x@ivrserver>;tag=1"),
        request(sender=f"<sip:{LINE.upper()}@ivrserver>;tag=1"),
        request(sender=f"sip:{LINE}@ivrserver;tag=1"),
        request(sender=f"<sip:{LINE}@ivrserver>"),
        request(sender=f'"<sip:{LINE}@x>" <sip:carrier@x>;tag=1'),
        request(sender=f'"\\"<sip:{LINE}@x>;tag=1'),
        request(sender=f"<sip:{LINE}@ivrserver>;tag=1\r\nFrom: <sip:carrier@x>;tag=1"),
        request(sender=f"<sip:{LINE}@ivrserver>;tag=1\r\nf: <sip:carrier@x>;tag=1"),
        request(sender=f"<sip:{LINE}@ivrserver>;tag=1\r\nFROM : <sip:carrier@x>;tag=1"),
        request(sender=f"<sip:{LINE}@ivrserver>;tag=1\r\n <sip:carrier@x>"),
        request(sender=f"<sip:{LINE}@ivrserver>;tag=1\nFrom: <sip:carrier@x>;tag=1"),
        request(sender=f"<sip:{LINE}@ivrserver>;tag=1\rFrom: <sip:carrier@x>;tag=1"),
        request(to="<sip:100@x>\r\nTo: <sip:200@x>"),
        request(to="<sip:100;tag=1@x>", sender="<sip:carrier@x>;tag=1"),
        request("REFER"),
        request("SUBSCRIBE"),
        request("MESSAGE"),
        request("NOTIFY"),
        request("PUBLISH"),
        request("invite"),
        request(start="INVITE sip:100@ivrserver SIP/2.0 "),
        request(start="INVITE  sip:100@ivrserver SIP/2.0"),
        request(start="INVITE http://ivrserver SIP/2.0"),
        request(more="no header\r\n"),
        request(more="X: a\0b\r\n"),
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "SIP/2.0 999 Odd\r\n\r\n",
        "",
        "x",
    ],
)
def test_what_no_softphone_sends_is_not(message: str) -> None:
    assert objection(message, LINE)


@given(st.text(alphabet=st.sampled_from('f:FromTo <>sip@;tag="\\,\r\n \t\0' + LINE), max_size=200))
def test_no_header_hides_another_sender(noise: str) -> None:
    message = request(sender=f"<sip:carrier@x>;tag=1{noise}")
    assert objection(message, LINE)


def test_a_call_is_under_way_from_its_answer_to_its_end_whoever_says_so() -> None:
    talks = Talks()
    for unanswered in (
        request("REGISTER"),
        request(start="SIP/2.0 180 Ringing"),
        request(start="SIP/2.0 486 Busy Here"),
        request("REGISTER", start="SIP/2.0 200 OK"),
        "\r\n\r\n",
    ):
        talks.heed(unanswered)
        assert not talks.since_last()
    talks.heed(request(start="SIP/2.0 200 OK"))
    assert talks.since_last()
    assert talks.since_last()
    talks.heed(request("BYE"))
    assert not talks.since_last()


def test_a_call_that_was_over_at_once_has_been_one() -> None:
    talks = Talks()
    talks.heed(request(start="SIP/2.0 200 OK"))
    talks.heed(request("BYE"))
    assert talks.since_last()
    assert not talks.since_last()


def test_calls_that_are_made_up_fill_no_memory() -> None:
    talks = Talks()
    for number in range(1000):
        talks.heed(request(start="SIP/2.0 200 OK").replace("Call-ID: 1", f"Call-ID: {number}"))
    assert len(talks._under_way) <= 50
    assert talks.since_last()
