"""When a message came, and from whom, as a voice reads it."""

from __future__ import annotations

import dataclasses
import string
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.flow.mailbox.envelope import envelope, spoken_moment, spoken_number
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import StoredMessage

NOW = datetime(2030, 1, 2, 15, 4, tzinfo=UTC)


def local(*parts: int) -> datetime:
    """A moment in New York: year, month, day, hour, minute."""
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("2125550199", "2 1 2, 5 5 5, 0 1 9 9"),
        ("442079460123", "4 4, 2 0, 7 9 4 6, 0 1 2 3"),
        ("4930123456", "4 9 3, 0 1 2, 3 4 5 6"),
        ("204", "2 0 4"),
        ("reception", "reception"),
        ("{number} @name <b> ${X}", "{number} @name <b> ${X}"),
        ("1" * 79, " ".join("1" * 79)),
        ("", ""),
    ],
)
def test_a_number_is_said_digit_by_digit_in_groups(number: str, spoken: str) -> None:
    assert spoken_number(number) == spoken


@given(st.text(string.digits, min_size=1, max_size=20))
def test_no_digit_is_ever_lost_or_added(number: str) -> None:
    assert "".join(filter(str.isdigit, spoken_number(number))) == number


@pytest.mark.parametrize(
    ("language", "at", "spoken"),
    [
        ("en", local(2030, 1, 2, 9, 4), "today at 9:04 AM"),
        ("en", local(2030, 1, 1, 21, 0), "yesterday at 9 PM"),
        ("en", local(2029, 12, 31, 0, 5), "Monday, December 31, 2029 at 12:05 AM"),
        ("de", local(2030, 1, 1, 21, 5), "gestern um 21 Uhr 5"),
        ("de", local(2029, 12, 24, 18, 0), "Montag, 24. Dezember 2029 um 18 Uhr"),
        ("fr", local(2029, 12, 24, 18, 5), "lundi 24 décembre 2029 à 18 heures 5"),
        (
            "es",
            local(2029, 12, 24, 18, 5),
            "lunes, 24 de diciembre de 2029 a las 18 horas y 5 minutos",
        ),
    ],
)
def test_a_moment_is_said_as_people_say_it(language: str, at: datetime, spoken: str) -> None:
    now = local(2030, 1, 2, 15, 4)
    assert spoken_moment(at, now, phrases(language).mailbox.moment) == spoken


@pytest.mark.parametrize(
    ("language", "spoken"),
    [
        ("en", "Monday, June 3 at 9:30 AM"),
        ("de", "Montag, 3. Juni um 9 Uhr 30"),
        ("fr", "lundi 3 juin à 9 heures 30"),
        ("es", "lunes, 3 de junio a las 9 horas y 30 minutos"),
    ],
)
def test_the_year_is_only_said_when_it_is_another(language: str, spoken: str) -> None:
    now = local(2030, 8, 1, 12, 0)
    at = local(2030, 6, 3, 9, 30)
    assert spoken_moment(at, now, phrases(language).mailbox.moment) == spoken


def test_what_is_today_depends_on_the_time_zone() -> None:
    left = StoredMessage("m", datetime(2030, 1, 2, 2, 0, tzinfo=UTC), "204", "r", 2.0, True)
    own = phrases("en").mailbox
    in_utc = envelope(left, NOW, ZoneInfo("UTC"), own)
    in_new_york = envelope(left, NOW, ZoneInfo("America/New_York"), own)
    assert in_utc == "today at 2 AM, from 2 0 4."
    assert in_new_york == "yesterday at 9 PM, from 2 0 4."


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_every_sentence_of_every_language_has_the_same_places_to_fill(language: str) -> None:
    assert places(phrases(language)) == places(phrases("en"))


def places(value: object, path: str = "") -> dict[str, set[str | None]]:
    """The names in braces of every sentence, by its path."""
    if isinstance(value, str):
        return {path: {name for _, name, _, _ in string.Formatter().parse(value)} - {None}}
    if dataclasses.is_dataclass(value):
        return {
            key: names
            for field in dataclasses.fields(value)
            for key, names in places(getattr(value, field.name), f"{path}.{field.name}").items()
        }
    return {}
