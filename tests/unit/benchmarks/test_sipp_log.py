"""What SIPp logged is read as what happened."""

from __future__ import annotations

from benchmarks.script import Caller
from benchmarks.sipp import injection, parse

DAY = "2026-11-22\t18:00:00.000000\t"


def line(at: float, direction: str, call: int, sequence: str, first: str) -> str:
    return f"{DAY}{at:.6f}\t{direction}\t{call}-77@127.0.0.1\tCSeq:{sequence}\t{first}\n"


def test_a_call_that_we_end_is_followed_to_its_end() -> None:
    seen = parse(
        [
            line(10.0, "S", 1, "1 INVITE", "INVITE sip:8001@127.0.0.1:5060 SIP/2.0"),
            line(10.1, "R", 1, "1 INVITE", "SIP/2.0 100 Trying"),
            line(10.2, "R", 1, "1 INVITE", "SIP/2.0 200 OK"),
            line(10.3, "S", 1, "1 ACK", "ACK sip:127.0.0.1:5060 SIP/2.0"),
            line(15.0, "R", 1, "8133 BYE", "BYE sip:caller@127.0.0.1:40000 SIP/2.0"),
            line(15.1, "S", 1, "8133 BYE", "SIP/2.0 200 OK"),
        ]
    )
    call = seen[0]
    assert (call.invited, call.answered, call.hung_up, call.closed) == (10.0, 10.2, 15.0, 15.1)


def test_retransmissions_do_not_move_times() -> None:
    seen = parse(
        [
            line(10.0, "S", 3, "1 INVITE", "INVITE sip:8001@127.0.0.1 SIP/2.0"),
            line(10.5, "S", 3, "1 INVITE", "INVITE sip:8001@127.0.0.1 SIP/2.0"),
            line(10.6, "R", 3, "1 INVITE", "SIP/2.0 200 OK"),
            line(10.7, "R", 3, "1 INVITE", "SIP/2.0 200 OK"),
        ]
    )
    assert (seen[2].invited, seen[2].answered) == (10.0, 10.6)


def test_a_refused_call_was_never_answered() -> None:
    seen = parse([line(10.0, "R", 1, "1 INVITE", "SIP/2.0 503 Service Unavailable")])
    assert (seen[0].answered, seen[0].refused) == (0.0, 10.0)


def test_half_a_line_is_passed_over() -> None:
    assert parse(["2026-11-22\t18:00:00.0", ""]) == {}


def test_each_caller_gets_a_line_with_its_audio_port() -> None:
    callers = [Caller("2122000000", ("1",)), Caller("2122000001", ("",), leaves=True)]
    lines = injection(callers, [10000, 10002])
    assert lines == "SEQUENTIAL\n10000;2122000000;stay\n10002;2122000001;leave\n"
