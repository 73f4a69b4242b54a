"""Phone numbers in webhook form (SPEC §2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.blocks.numbers import webhook_form


@pytest.mark.parametrize(
    ("raw", "region", "written"),
    [
        ("+1 (212) 555-0123", "US", "2125550123"),
        ("12125550123", "US", "2125550123"),
        ("2125550123", "US", "2125550123"),
        ("+12125550123", "DE", "2125550123"),
        ("+49 30 123456", "US", "4930123456"),
        ("0114930123456", "US", "4930123456"),
        ("442079460958", "US", "442079460958"),
        ("030 123456", "DE", "4930123456"),
        ("00442079460958", "DE", "442079460958"),
    ],
)
def test_nanp_has_ten_digits_and_others_their_country_code(
    raw: str, region: str, written: str
) -> None:
    assert webhook_form(raw, region) == written


@pytest.mark.parametrize("raw", ["", "  ", "Anonymous", "anonymous", "unknown", "Restricted"])
def test_an_unknown_caller_is_empty(raw: str) -> None:
    assert webhook_form(raw, "US") == ""


@pytest.mark.parametrize("raw", ["sample", "204", "911", "112", "*98", "+", "1" * 40])
@pytest.mark.parametrize("region", ["US", "GB"])
def test_what_is_no_phone_number_stays_as_it_is(raw: str, region: str) -> None:
    assert webhook_form(raw, region) == raw


def test_a_number_without_its_area_code_stays_as_it_is() -> None:
    assert webhook_form("5551234", "US") == "5551234"


@given(st.text(max_size=40), st.sampled_from(["US", "DE", "GB", "XX"]))
def test_any_text_is_taken(raw: str, region: str) -> None:
    assert isinstance(webhook_form(raw, region), str)


@given(st.integers(2_002_000_000, 9_999_999_999).map(str))
def test_a_nanp_number_in_webhook_form_stays_so(number: str) -> None:
    assert webhook_form(webhook_form(number, "US"), "US") == webhook_form(number, "US")
