"""Scripted phones for tests. Import the fixtures where they are used.

::

    from tests.telephony.phones import new_phone, phone_settings
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest

from ivrserver.config import Settings, load
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.programs import fetch, find


class NewPhone(Protocol):
    """Starts a phone: ``await new_phone()`` or ``await new_phone(answers=True)``."""

    def __call__(self, user: str = "phone", *, answers: bool = False) -> Awaitable[Phone]: ...


@pytest.fixture(scope="session")
def phone_settings() -> Settings:
    """Settings with which a phone can be started: baresip is there."""
    settings = load()
    if find("baresip", settings.packages) is None:
        fetch(["baresip"], settings.packages, print)
    return settings


@pytest.fixture
async def new_phone(phone_settings: Settings, tmp_path: Path) -> AsyncIterator[NewPhone]:
    """Phones that keep their recordings in the test's folder and end with the test."""
    async with AsyncExitStack() as stack:

        async def start(user: str = "phone", *, answers: bool = False) -> Phone:
            account = PhoneAccount(user=user, answers=answers)
            phone = Phone(phone_settings.packages, account, keep=tmp_path)
            return await stack.enter_async_context(phone)

        yield start
