"""Letters go to a real mail server: encrypted, refused, greylisted, or not at all."""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from email.message import EmailMessage

import pytest
import trustme
from pydantic import SecretStr

from ivrserver.config import MailSettings
from ivrserver.errors import ConfigError, MailError
from ivrserver.mail import Carrier
from ivrserver.mail.letter import compose
from tests.unit.mail.letters import BERLIN, BOX, LEFT, WAV, notice
from tests.unit.mail.mail_server import authenticate, mail_server, with_password

BOTH = ["a@example.com", "b@example.com"]


def letter() -> EmailMessage:
    return compose(
        notice(), BOX, WAV * 2000, sender="phone@example.com", recipients=BOTH, zone=BERLIN,
        now=LEFT + timedelta(minutes=1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    """The server's."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trust(authority: trustme.CA) -> ssl.SSLContext:
    """Ours: the tests' authority counts."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_the_letter_arrives_whole() -> None:
    async with mail_server() as server:
        assert await Carrier(server.settings()).hand_over(letter(), BOTH) == {}
    ((arrived, told),) = server.letters
    assert told == BOTH
    assert arrived["Subject"] == letter()["Subject"]
    (attached,) = arrived.iter_attachments()
    assert attached.get_content() == WAV * 2000


async def test_it_is_encrypted_after_starttls(
    certificate: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    async with mail_server(tls=certificate, require_starttls=True) as server:
        carrier = Carrier(server.settings(security="starttls"), trust)
        assert await carrier.hand_over(letter(), BOTH) == {}
        assert server.encrypted == [True]


async def test_it_is_encrypted_from_the_start(
    certificate: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    async with mail_server(tls=certificate, implicit=True) as server:
        carrier = Carrier(server.settings(security="tls"), trust)
        assert await carrier.hand_over(letter(), BOTH) == {}
        assert len(server.letters) == 1


async def test_nothing_is_sent_in_clear_to_a_server_that_should_encrypt() -> None:
    async with mail_server() as server:
        with pytest.raises(MailError) as caught:
            await Carrier(server.settings(security="starttls")).hand_over(letter(), BOTH)
        assert not caught.value.final
        assert server.letters == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    certificate: ssl.SSLContext, security: str
) -> None:
    async with mail_server(tls=certificate, implicit=security == "tls") as server:
        with pytest.raises(MailError, match=r"(?i)certificate") as caught:
            await Carrier(server.settings(security=security)).hand_over(letter(), BOTH)
        assert not caught.value.final
        assert server.letters == []


async def test_user_and_password_open_the_server(
    certificate: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    options = {"auth_required": True, "authenticator": authenticate}
    async with mail_server(tls=certificate, **options) as server:
        settings = server.settings(security="starttls", **with_password())
        assert await Carrier(settings, trust).hand_over(letter(), BOTH) == {}
        assert len(server.letters) == 1


async def test_a_wrong_password_can_be_mended_and_is_not_shown(
    certificate: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    options = {"auth_required": True, "authenticator": authenticate}
    async with mail_server(tls=certificate, **options) as server:
        wrong = with_password(password=SecretStr("hunter2"))
        carrier = Carrier(server.settings(security="starttls", **wrong), trust)
        with pytest.raises(MailError) as caught:
            await carrier.hand_over(letter(), BOTH)
    assert (caught.value.final, caught.value.code) == (False, 535)
    assert "hunter2" not in str(caught.value)


async def test_who_is_refused_is_named_and_all_others_are_told() -> None:
    async with mail_server() as server:
        server.refuses = {"a@example.com": "550 5.1.1 no such user"}
        refused = await Carrier(server.settings()).hand_over(letter(), BOTH)
        ((_, told),) = server.letters
    assert told == ["b@example.com"]
    assert [(name, error.final, error.code) for name, error in refused.items()] == [
        ("a@example.com", True, 550)
    ]
    assert "no such user" in str(refused["a@example.com"])


async def test_a_server_that_refuses_everybody_says_whom_for_good() -> None:
    async with mail_server() as server:
        server.refuses = {"a@example.com": "550 5.1.1 gone", "b@example.com": "450 4.2.0 greylist"}
        refused = await Carrier(server.settings()).hand_over(letter(), BOTH)
        assert server.letters == []
    assert {name: error.final for name, error in refused.items()} == {
        "a@example.com": True, "b@example.com": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "final"),
    [("451 4.3.0 try later", False), ("554 5.7.1 spam", True), ("552 5.3.4 too big", True)],
)
async def test_a_letter_may_be_refused_for_now_or_for_good(reply: str, final: bool) -> None:
    async with mail_server() as server:
        server.reply = reply
        with pytest.raises(MailError) as caught:
            await Carrier(server.settings()).hand_over(letter(), BOTH)
    assert (caught.value.final, caught.value.code) == (final, int(reply[:3]))
    assert reply in str(caught.value)


async def test_a_sender_may_be_refused() -> None:
    async with mail_server() as server:
        server.to_sender = "553 5.7.1 not you"
        with pytest.raises(MailError, match="not you") as caught:
            await Carrier(server.settings()).hand_over(letter(), BOTH)
    assert caught.value.final


async def test_a_server_that_is_not_there_or_hangs_up_may_be_there_later() -> None:
    async with mail_server() as server:
        settings = server.settings()
    with pytest.raises(MailError, match=r"127\.0\.0\.1: ") as caught:
        await Carrier(settings).hand_over(letter(), BOTH)
    assert not caught.value.final

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    rude = await asyncio.start_server(hang_up, "127.0.0.1", settings.port)
    async with rude:
        with pytest.raises(MailError) as caught:
            await Carrier(settings).hand_over(letter(), BOTH)
    assert not caught.value.final


async def test_without_a_server_it_says_which_setting() -> None:
    with pytest.raises(MailError, match=r"set mail\.host"):
        await Carrier(MailSettings()).hand_over(letter(), BOTH)


def test_without_a_sender_it_is_this_machine() -> None:
    assert Carrier(MailSettings()).sender.startswith("ivrserver@")
    with pytest.raises(ConfigError, match=r"mail\.sender: me is no e-mail address"):
        Carrier(MailSettings(sender="me"))


async def test_domains_of_all_scripts_are_told() -> None:
    async with mail_server() as server:
        server.refuses = {"b@xn--bcher-kva.example": "450 later"}
        refused = await Carrier(server.settings()).hand_over(
            letter(), ["a@bücher.example", "b@bücher.example"]
        )
        ((_, told),) = server.letters
    assert told == ["a@xn--bcher-kva.example"]
    assert list(refused) == ["b@bücher.example"]
