"""ARI is for controllers: others are turned away by address, by password, and by size."""

from __future__ import annotations

import pytest

from tests.telephony.attacks.fortress import STRANGER, Fortress
from tests.telephony.attacks.knocking import WEBSOCKET, knock, login, request, status
from tests.telephony.attacks.together import together

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

SPELLINGS = ("/ari/", "/ARI/", "/Ari/", "/aRI/")


@together
async def test_no_other_address_comes_in_however_the_path_is_written(fortress: Fortress) -> None:
    ari = fortress.house.settings.ari
    right = login(ari.username, ari.password.get_secret_value())
    for spelling in SPELLINGS:
        asked = request(f"{spelling}asterisk/ping", right)
        assert status(await knock(ari.port, asked)) == 200, spelling
        assert status(await knock(ari.port, asked, source=STRANGER)) == 403, spelling
        events = request(f"{spelling}events?app=ivr-stranger-1", right | WEBSOCKET)
        assert status(await knock(ari.port, events, source=STRANGER)) == 403, spelling
    sip = request("/ws", WEBSOCKET | {"Sec-WebSocket-Protocol": "sip"})
    assert status(await knock(ari.port, sip, source=STRANGER)) == 403
    assert f"Rejecting '{STRANGER}'" in fortress.log
