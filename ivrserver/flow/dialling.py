"""Whom a destination means: one reading of it, for routes and for the dial policy alike.

What the policy judges is what is dialled, because both get it from here. A destination is the name
or the extension of a registered phone, the name of a user, whose softphone is called, or a phone
number in digits; nothing else is understood: no SIP addresses, no letters for digits, no digits of
other scripts, no extensions behind a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import phonenumbers

from ivrserver.blocks.fields import PHONE_NAME
from ivrserver.config import PhoneSettings

_USER: Final = re.compile(PHONE_NAME, re.ASCII)
_WRITTEN: Final = re.compile(r"\+?[0-9(][0-9 ().\-/]{0,30}", re.ASCII)
_E164: Final = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)
_NANP: Final = 1


@dataclass(frozen=True, slots=True)
class ToPhone:
    """The registered phone of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class ToUser:
    """The softphone of the user of this name, if there is one and they have it open."""

    name: str


@dataclass(frozen=True, slots=True)
class ToTelephone:
    """A number of the public network: country code and national number, digits only."""

    country: int
    national: str

    @property
    def digits(self) -> str:
        """E.164 without ``+``."""
        return f"{self.country}{self.national}"

    @property
    def national_form(self) -> str:
        """10 digits in North America, else E.164 with ``+``, so that neither looks like the other.

        +65 9005 5512 without its ``+`` would be a number in Alabama.
        """
        return self.national if self.country == _NANP else f"+{self.digits}"


Dialled = ToPhone | ToUser | ToTelephone

NOT_UNDERSTOOD: Final = "the destination is neither a phone of [phones] nor a phone number"


def nobody_called(name: str) -> str:
    """Why there is nobody of that name to call."""
    return f"{name} is no phone of [phones], and no user of that name has the portal open"


def understand(
    destination: str, phones: Mapping[str, PhoneSettings], region: str
) -> Dialled | None:
    """Read a destination; None: it is neither a name nor a phone number.

    A phone has precedence over a user of the same name. Which users there are is not known here.

    Args:
        destination: as a person or a web server wrote it, or in webhook form.
        phones: registered phones by name.
        region: ISO 3166 code of the country whose national numbers may be meant.
    """
    text = destination.strip()
    if text in phones:
        return ToPhone(text)
    for name, phone in phones.items():
        if phone.extension and phone.extension == text:
            return ToPhone(name)
    return ToUser(text) if _USER.fullmatch(text) else _number(text, region)


def _number(text: str, region: str) -> ToTelephone | None:
    if not _WRITTEN.fullmatch(text):
        return None
    for written in (text, f"+{text}"):
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        # Not `is_possible_number`: to that, a number without its area code is possible too.
        possible = phonenumbers.is_possible_number_with_reason(number)
        if possible == phonenumbers.ValidationResult.IS_POSSIBLE and number.country_code:
            national = phonenumbers.national_significant_number(number)
            found = ToTelephone(number.country_code, national)
            return found if _E164.fullmatch(found.digits) else None
    return None
