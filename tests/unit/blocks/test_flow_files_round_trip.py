"""What is written is read back the same."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from ivrserver.blocks import Account
from ivrserver.blocks.files import FlowSource, dump, load
from tests.unit.blocks.accounts import accounts


def read(text: str) -> Account:
    return load([FlowSource("flow.yaml", text.encode())])


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(accounts())
def test_every_account_is_read_back_as_it_was_written(account: Account) -> None:
    text = dump(account)
    assert read(text) == account
    assert dump(read(text)) == text


def test_an_empty_account_can_be_written_and_read() -> None:
    assert read(dump(Account())) == Account()
