"""When a message came, and from whom, in words that a voice reads well."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_datetime

from ivrserver.flow.phrases.mailbox import MailboxPhrases, MomentPhrases
from ivrserver.flow.ports import StoredMessage

_NANP_LENGTH = 10


def envelope(message: StoredMessage, now: datetime, zone: ZoneInfo, phrases: MailboxPhrases) -> str:
    """One sentence about `message`; `now` (aware) decides what is today, `zone` what time it is."""
    moment = spoken_moment(message.at.astimezone(zone), now.astimezone(zone), phrases.moment)
    number = spoken_number(message.caller_id)
    caller = phrases.caller.format(number=number) if number else phrases.unknown_caller
    return f"{moment}, {caller}."


def spoken_moment(at: datetime, now: datetime, phrases: MomentPhrases) -> str:
    """A moment such as ``yesterday at 3:04 PM``; both in the time zone that is meant."""
    days = (now.date() - at.date()) / timedelta(days=1)
    if days == 0:
        day = phrases.today
    elif days == 1:
        day = phrases.yesterday
    else:
        pattern = phrases.day if at.year == now.year else phrases.day_of_year
        day = format_datetime(at, pattern, locale=phrases.locale)
    time = format_datetime(
        at, phrases.time if at.minute else phrases.full_hour, locale=phrases.locale
    )
    return phrases.at.format(day=day, time=time)


def spoken_number(number: str) -> str:
    """A number in webhook form digit by digit, in the groups that its country writes.

    ``2125550199`` becomes ``2 1 2, 5 5 5, 0 1 9 9``. An internal name stays as it is.
    """
    if not number.isdecimal():
        return number
    groups = _groups(number)
    return ", ".join(" ".join(group) for group in groups)


def _groups(number: str) -> list[str]:
    nanp = len(number) == _NANP_LENGTH
    try:
        parsed = phonenumbers.parse(f"+1{number}" if nanp else f"+{number}")
    except phonenumbers.NumberParseException:
        return [number]
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    groups = re.findall(r"\d+", written)[1 if nanp else 0 :]
    # What is no real number may be written with fewer digits than it has.
    return groups if "".join(groups) == number else [number]
