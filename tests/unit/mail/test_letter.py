"""The e-mail about a message is one that any mail program shows right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest

from ivrserver.blocks import Voicemail
from ivrserver.flow.post import Notice
from ivrserver.mail.letter import compose, wire_form
from tests.unit.mail.letters import BERLIN, BOX, LEFT, WAV, notice


def sent(
    box: Voicemail = BOX, recording: bytes | None = WAV, about: Notice | None = None
) -> EmailMessage:
    """The letter as it arrives: written to the wire, and read from it."""
    letter = compose(
        about or notice(), box, recording, sender="phone@example.com",
        recipients=box.email, zone=BERLIN, now=LEFT + timedelta(minutes=1),
    )  # fmt: skip
    data = letter.as_bytes(policy=SMTP)
    assert data.isascii(), "every server may pass it on"
    assert max(map(len, data.split(b"\r\n"))) <= 998, "RFC 5322 §2.1.1"
    arrived = message_from_bytes(data, policy=default)
    assert isinstance(arrived, EmailMessage)
    assert arrived.defects == []
    return arrived


def body(letter: EmailMessage) -> str:
    text = letter.get_body(("plain",))
    assert text is not None
    content: str = text.get_content()
    return content.replace("\r\n", "\n")


def test_it_says_who_called_when_and_for_how_long() -> None:
    letter = sent()
    assert letter["Subject"] == "Office: voice message from (212) 555-0123, 1:04"
    assert letter["From"] == "Office <phone@example.com>"
    assert letter["To"] == "a@example.com, b@example.com"
    assert letter["Date"] == "Wed, 02 Jan 2030 16:05:05 +0100"
    assert letter["Message-ID"] == "<m1@example.com>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert body(letter) == (
        "There is a new message in the voicemail box Office.\n\n"
        "From: (212) 555-0123\nLeft: 2030-01-02 16:04 (CET)\nLength: 1:04\n\n"
        "The recording is attached.\n"
    )


def test_the_recording_is_attached_byte_for_byte() -> None:
    (attached,) = sent().iter_attachments()
    assert attached.get_content_type() == "audio/wav"
    assert attached.get_filename() == "message-20300102-160405.wav"
    assert attached.get_content() == WAV


def test_what_was_said_is_in_it_once_it_is_written_down() -> None:
    said = "please call me back " * 200 + "<b>tomorrow</b>"
    told = body(sent(about=notice(text=said)))
    assert told.endswith(
        "Length: 1:04\n\nWhat was said, written down by a machine:\n"
        f"{said}\n\nThe recording is attached.\n"
    )
    trick = body(sent(about=notice(text="one\u2028Bcc: x\r\n\x07two")))
    assert "one Bcc: x   two\n" in trick, "it stays on its line"


def test_without_the_recording_it_says_where_to_hear_it() -> None:
    letter = sent(recording=None)
    assert list(letter.iter_attachments()) == []
    assert "The recording could not be attached. Call the box to hear it." in body(letter)
    letter = sent(replace(BOX, attach=False), recording=None)
    assert body(letter).endswith("Call the box to hear it.\n")
    assert "could not" not in body(letter)


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ("", "an unknown number"),
        ("493012345678", "+49 30 12345678"),
        ("204", "204"),
        ("desk", "desk"),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
def test_callers_are_shown_as_people_write_numbers(caller: str, shown: str) -> None:
    assert f"From: {shown}\n" in body(sent(about=notice(caller_id=caller)))


def test_names_of_all_scripts_arrive_whole_in_the_language_of_the_box() -> None:
    name = "Büro „Süd“ 事務所 " + "sehr lang " * 12 + "ende"
    letter = sent(replace(BOX, name=name, language="de-DE"))
    assert letter["Subject"] == f"{name}: Sprachnachricht von (212) 555-0123, 1:04"
    assert letter["From"].addresses[0].display_name == name
    assert letter["From"].addresses[0].addr_spec == "phone@example.com"
    assert "In der Voicemail-Box Büro „Süd“" in body(letter).replace("\n", " ")
    assert "Länge: 1:04" in body(letter)


def test_quotes_commas_and_brackets_in_a_name_forge_no_address() -> None:
    name = 'Sales, "East" <boss@example.org>'
    letter = sent(replace(BOX, name=name))
    (author,) = letter["From"].addresses
    assert (author.display_name, author.addr_spec) == (name, "phone@example.com")


@pytest.mark.parametrize(
    "trick", ["1\r\nBcc: x@example.org", "1\n\nHello", "1\u2028Bcc: x", "\0\x0b"]
)
def test_what_a_caller_sends_adds_no_header_and_no_body(trick: str) -> None:
    letter = sent(replace(BOX, name=f"Box {trick}"), about=notice(caller_id=trick))
    assert letter["Bcc"] is None
    assert letter["To"] == "a@example.com, b@example.com"
    assert letter["From"].addresses[0].addr_spec == "phone@example.com"
    assert len(list(letter.iter_attachments())) == 1
    assert not any(line.startswith(("Bcc", "Hello")) for line in body(letter).splitlines())


@pytest.mark.parametrize("language", ["en-US", "es", "fr-CA", "de", "pt-BR"])
def test_every_language_has_its_own_words(language: str) -> None:
    about = notice(caller_id="", text="hello")
    letter = sent(replace(BOX, language=language, attach=False), None, about)
    assert "{" not in letter["Subject"] + body(letter)
    assert "Office" in letter["Subject"]
    assert "hello" in body(letter)


def test_domains_of_all_scripts_are_written_as_the_name_system_does() -> None:
    assert wire_form("a@bücher.example") == "a@xn--bcher-kva.example"
    letter = sent(replace(BOX, email=("a@bücher.example",)))
    assert letter["To"] == "a@xn--bcher-kva.example"


@pytest.mark.parametrize(("seconds", "shown"), [(0.2, "0:01"), (59.6, "1:00"), (3600, "60:00")])
def test_lengths_are_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert f"Length: {shown}\n" in body(sent(about=notice(seconds=seconds)))
