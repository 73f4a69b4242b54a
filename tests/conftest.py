"""What all tests share."""

from __future__ import annotations

import asyncio

from hypothesis import settings

# pytest-asyncio asks for "the current loop" before its first test; Python up to 3.13 then makes one
# that nobody closes. Having said that there is none, nothing is made.
asyncio.set_event_loop(None)

pytest_plugins = ["tests.postgres_fixture"]

# How long an example takes depends on what else the machine does: no test here is a timed one.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
