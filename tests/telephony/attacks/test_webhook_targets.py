"""No webhook leads to a machine that is nobody's web server; the caller hears the backup."""

from __future__ import annotations

import asyncio
import re

import pytest

from ivrserver.flow.events import BackupRouted, WebhookMissed, WebhookRequested
from tests.telephony.attacks.fortress import Fortress
from tests.telephony.attacks.targets import FALLBACK_NUMBER, FORBIDDEN_URLS, STEERED
from tests.telephony.attacks.together import together
from tests.telephony.customer import Reply

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

REFUSED = re.compile(
    r"the webhook failed: (\S+ is not on the public Internet: not called \(the settings .*\)"
    r"|the URL's host name cannot be read)"
)


@together
async def test_no_webhook_leads_to_an_address_that_is_not_public(fortress: Fortress) -> None:
    calls = await asyncio.gather(*(fortress.call(number) for number in FORBIDDEN_URLS))
    for url, call in zip(FORBIDDEN_URLS.values(), calls, strict=True):
        backup = call.one(BackupRouted)
        assert REFUSED.fullmatch(backup.reason), f"{url}: {backup.reason}"
        assert (backup.to, call.ended.reason) == ("block 90", "hung_up")


@together
async def test_nor_does_a_fallback_url(fortress: Fortress) -> None:
    call = await fortress.call(FALLBACK_NUMBER)
    asked = [event.url for event in call.all(WebhookRequested)]
    assert asked == [f"http://127.0.0.1:{fortress.closed_port}/"] * 2 + ["http://127.0.0.2/"] * 2
    refused, missed = (call.all(WebhookMissed)[place].reason for place in (2, 0))
    assert missed.endswith("connection refused")
    assert refused.startswith("127.0.0.2:80 is not on the public Internet: not called")
    assert REFUSED.fullmatch(call.one(BackupRouted).reason)


@together
async def test_a_redirect_leads_nowhere(fortress: Fortress) -> None:
    inside = f"{fortress.house.customer.url}/steered"
    places = ["http://169.254.169.254/latest/", inside, "file:///etc/passwd", "//[::1]/", "gopher:"]
    statuses = [301, 302, 303, 307, 308]
    replies = [
        Reply(status=status, location=place) for status, place in zip(statuses, places, strict=True)
    ]
    calls = await fortress.calls(STEERED, replies)
    for status, call in zip(statuses, calls, strict=True):
        reason = call.one(BackupRouted).reason
        assert f"the server answered {status}" in reason
        assert "redirects are not followed" in reason
        assert len(fortress.house.customer.asked[call.details.call.caller_id]) == 1
