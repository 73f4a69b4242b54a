"""Whom destinations mean."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from ivrserver.config import PhoneSettings
from ivrserver.flow.dialling import ToPhone, ToTelephone, ToUser, understand

PHONES = {
    "desk": PhoneSettings(password=SecretStr("secret"), extension="204"),
    "lab": PhoneSettings(password=SecretStr("secret")),
}
NEW_YORK = ToTelephone(1, "2125550123")


@pytest.mark.parametrize("written", ["desk", " desk ", "204"])
def test_a_phone_is_reached_by_name_and_by_extension(written: str) -> None:
    assert understand(written, PHONES, "US") == ToPhone("desk")


@pytest.mark.parametrize(
    "written",
    [
        "2125550123",
        "12125550123",
        "+12125550123",
        "(212) 555-0123",
        "212.555.0123",
        "+1 (212) 555-0123",
        "011 1 212 555 0123",
    ],
)
def test_a_number_may_be_written_as_people_write_it(written: str) -> None:
    assert understand(written, PHONES, "US") == NEW_YORK


def test_any_other_name_may_be_a_users() -> None:
    assert understand(" anna ", {}, "US") == ToUser("anna")
    assert understand("front_desk-2", {}, "US") == ToUser("front_desk-2")


def test_a_number_is_read_in_the_country_of_the_account() -> None:
    assert understand("020 7946 0000", {}, "GB") == ToTelephone(44, "2079460000")
    assert understand("442079460000", {}, "US") == ToTelephone(44, "2079460000"), "webhook form"
    assert understand("0039 06 698 1234", {}, "DE") == ToTelephone(39, "066981234")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "Desk",
        "911",
        "205",
        "5550123",
        "1-800-FLOWERS",
        "sip:2125550123@example.com",
        "tel:+12125550123",
        "2125550123@evil.example",
        "2125550123;ext=5",
        "2125550123 x5",
        "2125550123,,5",
        "2125550123#",
        "*67 2125550123",
        "2125550123&PJSIP/x",
        "212555\n0123",
        "\uff12125550123",
        "\u0662125550123",
        "++12125550123",
        "1" * 50,
    ],
)
def test_nothing_else_is_understood(written: str) -> None:
    assert understand(written, PHONES, "US") is None


def test_a_foreign_number_never_looks_like_a_national_one() -> None:
    singapore = ToTelephone(65, "90055512")
    assert singapore.digits == "6590055512", "without its +, a number in Alabama"
    assert singapore.national_form == "+6590055512"
    assert NEW_YORK.national_form == "2125550123"
