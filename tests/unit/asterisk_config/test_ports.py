"""Choosing ports."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from ivrserver.config import AriSettings, HttpSettings, Settings, SipSettings
from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk import ports


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_ports_that_are_free_stay(capsys: pytest.CaptureFixture[str]) -> None:
    free = ports.fresh(Settings())
    assert ports.available(free, say=print) == free
    assert capsys.readouterr().out == ""


def test_a_taken_port_is_replaced_and_named(taken: int) -> None:
    said: list[str] = []
    wished = ports.fresh(Settings())
    wished = wished.model_copy(update={"http": HttpSettings(port=taken)})
    got = ports.available(wished, said.append)
    assert got.http.port != taken
    assert said == [f"http.port {taken} is taken; using {got.http.port}"]
    assert (got.sip, got.ari) == (wished.sip, wished.ari)


def test_the_same_port_is_not_given_twice(taken: int) -> None:
    free = ports.fresh(Settings()).ari.port
    wished = Settings(ari=AriSettings(port=free), http=HttpSettings(port=free))
    got = ports.available(
        ports.fresh(wished).model_copy(update={"ari": wished.ari, "http": wished.http}), print
    )
    assert got.ari.port == free
    assert got.http.port != free


def test_fresh_ports_differ_and_stay_out_of_the_audio_range() -> None:
    wished = Settings(sip=SipSettings(rtp_start=20000, rtp_end=25999))
    got = ports.fresh(wished)
    chosen = [got.sip.port, got.ari.port, got.http.port]
    assert len(set(chosen)) == 3
    assert not [port for port in chosen if 20000 <= port <= 25999]


def test_an_address_of_another_machine_is_an_error() -> None:
    elsewhere = Settings(sip=SipSettings(bind="192.0.2.1"))
    with pytest.raises(SetupError, match=r"sip: cannot listen on 192\.0\.2\.1"):
        ports.available(elsewhere, say=print)
