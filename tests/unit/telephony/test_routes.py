"""Which way legs go."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from ivrserver.config import PhoneSettings, TrunkSettings
from ivrserver.flow.dialling import ToUser
from ivrserver.telephony.routes import Route, Routes

PHONES = {"desk": PhoneSettings(password=SecretStr("secret"), extension="204")}
HOME = TrunkSettings(host="192.0.2.1", prefixes=("+1",), caller_id="2125550000")
WEST = TrunkSettings(host="192.0.2.2", prefixes=("+1415", "+1628"))
REST = TrunkSettings(host="192.0.2.3", number_format="plus")
ALL = {"home": HOME, "west": WEST, "rest": REST}


def routes(trunks: dict[str, TrunkSettings]) -> Routes:
    return Routes(trunks, PHONES, "US")


@pytest.mark.parametrize(
    ("destination", "endpoint"),
    [
        ("desk", "PJSIP/desk"),
        ("204", "PJSIP/desk"),
        ("(212) 555-0123", "PJSIP/2125550123@home"),
        ("415 555 0123", "PJSIP/4155550123@west"),
        ("+1 628 555 0123", "PJSIP/6285550123@west"),
        ("011 44 20 7946 0000", "PJSIP/+442079460000@rest"),
    ],
)
def test_phones_come_first_and_the_longest_prefix_wins(destination: str, endpoint: str) -> None:
    route = routes(ALL).of(destination)
    assert isinstance(route, Route)
    assert route.endpoint == endpoint


def test_a_trunk_shows_its_own_number() -> None:
    assert routes(ALL).of("2125550123") == Route(
        "PJSIP/2125550123@home", "2125550000", outside=True
    )
    assert routes(ALL).of("4155550123") == Route("PJSIP/4155550123@west", outside=True)


def test_of_several_trunks_for_the_rest_the_first_takes_it() -> None:
    trunks = {"one": TrunkSettings(host="a.example"), "two": TrunkSettings(host="b.example")}
    assert routes(trunks).of("2125550123") == Route("PJSIP/2125550123@one", outside=True)


@pytest.mark.parametrize(
    ("number_format", "home", "abroad"),
    [
        ("national", "2125550123", "+442079460000"),
        ("digits", "12125550123", "442079460000"),
        ("plus", "+12125550123", "+442079460000"),
    ],
)
def test_each_trunk_gets_numbers_as_it_wants_them(
    number_format: str, home: str, abroad: str
) -> None:
    trunk = TrunkSettings.model_validate({"host": "192.0.2.1", "number_format": number_format})
    assert routes({"one": trunk}).of("2125550123") == Route(f"PJSIP/{home}@one", outside=True)
    assert routes({"one": trunk}).of("+442079460000") == Route(f"PJSIP/{abroad}@one", outside=True)


def test_any_other_name_is_a_users() -> None:
    assert routes(ALL).of("anna") == ToUser("anna")
    assert routes(ALL).of("desk") == Route("PJSIP/desk"), "a phone has precedence"


def test_a_carrier_is_shown_numbers_alone() -> None:
    assert Route("PJSIP/2125550123@west", outside=True).shown("anna") == ""
    assert Route("PJSIP/2125550123@west", outside=True).shown("2125550199") == "2125550199"
    assert Route("PJSIP/2125550123@home", "2125550000", outside=True).shown("anna") == "2125550000"
    assert Route("PJSIP/desk").shown("anna") == "anna"


@pytest.mark.parametrize(
    ("trunks", "destination", "setting"),
    [
        ({}, "2125550123", "[trunks.NAME]"),
        ({"home": HOME}, "+442079460000", "trunks.NAME.prefixes"),
        (ALL, "205", "[phones]"),
        (ALL, "sip:2125550123@example.com", "neither a phone of [phones] nor a phone number"),
    ],
)
def test_where_there_is_no_way_the_setting_to_mend_is_named(
    trunks: dict[str, TrunkSettings], destination: str, setting: str
) -> None:
    reason = routes(trunks).of(destination)
    assert isinstance(reason, str)
    assert setting in reason
