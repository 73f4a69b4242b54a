"""The e-mail about one voicemail message. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import phonenumbers

from ivrserver.blocks import Voicemail
from ivrserver.flow.post import Notice
from ivrserver.mail.words import words

_SIXTY = 60
_NANP = 10


def compose(
    notice: Notice,
    box: Voicemail,
    recording: bytes | None,
    *,
    sender: str,
    recipients: Sequence[str],
    zone: ZoneInfo,
    now: datetime,
) -> EmailMessage:
    """Write the e-mail; all that leaves is ASCII (RFC 2047, RFC 2231, quoted-printable).

    Its ``Message-ID`` is the same at every attempt, so that mailboxes can drop a copy.

    Args:
        notice: the message.
        box: its box.
        recording: a WAV file; None: it could not be had, or is not to be attached.
        sender: our address.
        recipients: who is told.
        zone: the account's time zone.
        now: aware.
    """
    said, length = words(box.language), _length(notice.seconds)
    name, caller = _one_line(box.name), _one_line(_caller(notice, box))
    local = notice.at.astimezone(zone)
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(display_name=name, addr_spec=sender)
    letter["To"] = [Address(addr_spec=wire_form(each)) for each in recipients]
    letter["Subject"] = said.subject.format(box=name, caller=caller, length=length)
    letter["Date"] = format_datetime(now.astimezone(zone))
    letter["Message-ID"] = f"<{notice.message_id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies, please
    lines = [
        said.news.format(box=name),
        "",
        f"{said.caller}: {caller}",
        f"{said.left}: {local:%Y-%m-%d %H:%M} ({local.tzname()})",
        f"{said.length}: {length}",
        "",
        *([said.said, _one_line(notice.text), ""] if notice.text else []),
        _hint(box, recording),
    ]
    letter.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    if recording is not None:
        file = f"message-{local:%Y%m%d-%H%M%S}.wav"
        letter.add_attachment(recording, maintype="audio", subtype="wav", filename=file)
    return letter


def wire_form(address: str) -> str:
    """`address` with its domain as the domain name system writes it (IDNA)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def _one_line(text: str) -> str:
    """`text` as it may stand in a header: what a caller sends must not begin another one."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _hint(box: Voicemail, recording: bytes | None) -> str:
    said = words(box.language)
    if recording is not None:
        return said.attached
    return said.missing if box.attach else said.listen


def _length(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole // _SIXTY}:{whole % _SIXTY:02}"


def _caller(notice: Notice, box: Voicemail) -> str:
    """The number as people write it; webhook form is 10 digits or E.164 without ``+``."""
    digits = notice.caller_id
    if not digits:
        return words(box.language).unknown
    international = f"+1{digits}" if len(digits) == _NANP else f"+{digits}"
    try:
        number = phonenumbers.parse(international)
    except phonenumbers.NumberParseException:
        return digits
    if not digits.isdecimal() or not phonenumbers.is_possible_number(number):
        return digits
    form = phonenumbers.PhoneNumberFormat
    style = form.NATIONAL if number.country_code == 1 else form.INTERNATIONAL
    return phonenumbers.format_number(number, style)
