from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ivrserver.config import WebhookSettings
from ivrserver.webhooks.client import HttpWebhookClient
from tests.fakes import FakeClock


@pytest.fixture
def limits() -> WebhookSettings:
    return WebhookSettings(
        connect_timeout=0.5, total_timeout=0.6, max_reply_bytes=2048, allow_private=True
    )


@pytest.fixture
async def client(limits: WebhookSettings) -> AsyncIterator[HttpWebhookClient]:
    async with HttpWebhookClient(limits, FakeClock()) as client:
        yield client
