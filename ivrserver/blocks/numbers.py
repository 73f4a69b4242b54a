"""Phone numbers as webhooks, storage and dialling write them (SPEC §2). Pure."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

_SHORT = 6
"""Up to this many digits are an extension or a service number."""
_WITHHELD = frozenset(
    {"", "anonymous", "unknown", "restricted", "private", "unavailable", "withheld"}
)


def webhook_form(raw: str, region: str) -> str:
    """Write a phone number the way webhooks do.

    NANP numbers become 10 digits, others E.164 digits without ``+``; a caller who withheld the
    number becomes an empty string. What is no complete phone number (an internal name such as
    ``sample``, an extension such as ``204``, a service number such as ``911``) stays as it is.

    Call it once, where the number enters: outside NANP regions a NANP number in webhook form is
    taken for a national number.

    Args:
        raw: as signalled or as a person wrote it, such as ``+1 (212) 555-0123``.
        region: ISO 3166 code of the country whose national numbers `raw` may be, such as ``US``.
    """
    text = raw.strip()
    if text.lower() in _WITHHELD:
        return ""
    if any(character.isalpha() for character in text) or (text.isdigit() and len(text) <= _SHORT):
        return text
    for written in (text, f"+{text}"):
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number) and number.country_code is not None:
            national = phonenumbers.national_significant_number(number)
            return national if number.country_code == 1 else f"{number.country_code}{national}"
    return text


@lru_cache(maxsize=4096)
def readable(number: str) -> str:
    """A number in webhook form as people read it, such as ``(212) 555-0123`` or ``+49 30 123456``.

    What is none, such as ``204`` or ``sample``, stays as it is.
    """
    if not number.isdigit() or len(number) <= _SHORT:
        return number
    national = phonenumbers.PhoneNumberFormat.NATIONAL
    for written, form in (
        (f"+1{number}", national),
        (f"+{number}", phonenumbers.PhoneNumberFormat.INTERNATIONAL),
    ):
        try:
            parsed = phonenumbers.parse(written)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, form)
    return number
