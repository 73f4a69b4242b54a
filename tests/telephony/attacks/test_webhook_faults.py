"""Web servers that fail in every way: the caller waits with music, and then hears the backup."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.demo import listening
from ivrserver.flow.events import BackupRouted, HoldStarted, WebhookMissed
from ivrserver.resources import folder
from tests.telephony.attacks.fortress import Fortress
from tests.telephony.attacks.targets import SLAMMED_NUMBER, STEERED
from tests.telephony.attacks.together import together
from tests.telephony.customer import FAULTS, Reply
from tests.telephony.sounds import ulaw

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

BACKUP = "This is the backup."
LATE = {
    "hang": "no complete reply within 4 s",
    "drip": "no complete reply within 4 s",
    "drip headers": "no complete reply within 4 s",
}
SOON = {
    "reset": "the server closed the connection without a reply",
    "garbage": "the server's reply is not HTTP",
    "half": "the server closed the connection in the middle of its reply",
    "endless": "the reply is larger than 65,536 bytes",
    "gigabyte": "the reply is larger than 65,536 bytes",
}
assert LATE.keys() | SOON.keys() == FAULTS.keys()


@together
async def test_who_waits_too_long_hears_music_and_then_the_backup(fortress: Fortress) -> None:
    music = ulaw(folder("asterisk-config") / "moh" / "hold")[:8000]
    calls = await fortress.calls(STEERED, [Reply(fault=fault) for fault in LATE])
    for reason, call in zip(LATE.values(), calls, strict=True):
        assert call.one(BackupRouted).reason == f"the webhook failed: {reason}"
        assert len(call.all(HoldStarted)) == 1
        assert listening.contains_whole(call.heard, music)
        await fortress.house.hears(call.heard, "One moment.", BACKUP)
        assert call.ended.reason == "hung_up"


@together
async def test_who_need_not_wait_hears_the_backup_at_once(fortress: Fortress) -> None:
    # Twice, as a kept-alive connection that ends before its reply is tried once more.
    calls = await asyncio.gather(
        *(fortress.call(STEERED, *[Reply(fault=fault)] * 2) for fault in SOON)
    )
    for reason, call in zip(SOON.values(), calls, strict=True):
        assert call.one(BackupRouted).reason == f"the webhook failed: {reason}"
        assert call.all(HoldStarted) == []
        await fortress.house.hears(call.heard, "One moment.", BACKUP)
        assert call.ended.reason == "hung_up"


@together
async def test_a_server_that_resets_every_connection_is_tried_once_more(fortress: Fortress) -> None:
    call = await fortress.call(SLAMMED_NUMBER)
    assert 1 <= len(call.all(WebhookMissed)) <= 2
    assert "connection" in call.one(BackupRouted).reason
    await fortress.house.hears(call.heard, "One moment.", BACKUP)
