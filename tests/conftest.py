"""What all tests share."""

from __future__ import annotations

import asyncio

# pytest-asyncio asks for "the current loop" before its first test; Python up to 3.13 then makes one
# that nobody closes. Having said that there is none, nothing is made.
asyncio.set_event_loop(None)

pytest_plugins = ["tests.postgres_fixture"]
