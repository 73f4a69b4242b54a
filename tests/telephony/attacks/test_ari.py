"""ARI is for controllers: others are turned away by address, by password, and by size."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import repeat

import aiohttp
import pytest

from ivrserver.flow.events import BlockEntered
from tests.telephony.attacks.fortress import STRANGER, Fortress
from tests.telephony.attacks.knocking import WEBSOCKET, idle, knock, login, request, status
from tests.telephony.attacks.stranger import stranger
from tests.telephony.attacks.targets import STEERED
from tests.telephony.attacks.together import together
from tests.telephony.customer import HANG_UP, Reply
from tests.telephony.office import PATIENCE

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

SPELLINGS = ("/ari/", "/ARI/", "/Ari/", "/aRI/")
SESSIONS = 2000
"""What http.conf allows."""
GUESSES = 500


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
    for path in ("/ws", "/WS", "/ws/", "//ws", "/ws?a=b", "/%77s", "/ws/../ws", "/httpstatus", "/"):
        sip = request(path, WEBSOCKET | {"Sec-WebSocket-Protocol": "sip"})
        assert status(await knock(ari.port, sip, source=STRANGER)) == 403, path
    assert f"Rejecting '{STRANGER}'" in fortress.log


@together
async def test_who_may_ask_for_sip_over_websocket_is_a_stranger_there_too(
    fortress: Fortress,
) -> None:
    url = f"http://127.0.0.1:{fortress.house.settings.ari.port}/ws"
    async with (
        stranger(fortress) as somebody,
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=["sip"]) as socket,
    ):
        for method in ("REGISTER", "INVITE", "OPTIONS"):
            for user in ("desk", "carrier", "2125550123"):
                asked = somebody.request(method, "8008", user).replace(b"/UDP", b"/WS")
                await socket.send_str(asked.decode())
                assert (await socket.receive_str()).startswith("SIP/2.0 401"), (method, user)


@together
async def test_without_the_password_nothing_is_told_nor_done(fortress: Fortress) -> None:
    ari = fortress.house.settings.ari
    password = ari.password.get_secret_value()
    wrong = [
        {},
        login(ari.username, ""),
        login(ari.username, password[:-1]),
        login(ari.username.upper(), password),
        login("", password),
        {"Authorization": f"Bearer {password}"},
        {"Authorization": "Basic ====" + "A" * 3000},
    ]
    for headers in wrong:
        for asked in (
            request("/ari/channels", headers),
            request("/ari/events?app=ivr-main-1", headers | WEBSOCKET),
            request(f"/ari/channels?endpoint=PJSIP/desk&app={ari.application}", headers, "POST"),
            request(f"/ari/asterisk/ping?api_key={ari.username}:wrong", headers),
        ):
            answer = await knock(ari.port, asked)
            assert status(answer) == 401, answer
            assert answer.endswith((b'Authentication required"}', b"\r\n\r\n")), answer


@together
async def test_guessing_is_answered_and_disturbs_nobody(fortress: Fortress) -> None:
    ari = fortress.house.settings.ari
    for first in range(0, GUESSES, 50):
        guesses = [login(ari.username, f"{guess:06}") for guess in range(first, first + 50)]
        asked = (knock(ari.port, request("/ari/asterisk/ping", each)) for each in guesses)
        assert {status(answer) for answer in await asyncio.gather(*asked)} == {401}


def endless(begin: bytes) -> Iterator[bytes]:
    yield begin
    yield from repeat(b"x" * 65536, 400)


@together
async def test_what_is_too_large_is_cut_off(fortress: Fortress) -> None:
    ari = fortress.house.settings.ari
    post = b"POST /ari/channels HTTP/1.1\r\nContent-Type: application/json\r\n"
    large = [
        endless(b"GET /"),
        endless(b"GET /ari/asterisk/ping HTTP/1.1\r\nX: "),
        [b"GET / HTTP/1.1\r\n", *repeat(b"X: y\r\n", 100_000), b"\r\n"],
        endless(post + b"Content-Length: 26214400\r\n\r\n"),
        endless(post + b"Content-Length: 99999999999999999999\r\n\r\n"),
        endless(post + b"Content-Length: -1\r\n\r\n"),
        endless(post + b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n"),
        endless(post + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"),
        endless(post + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffff\r\n"),
        endless(b"\0\xff\r\n\r\n"),
    ]
    for pieces in large:
        # No answer at all: it was still being sent when the connection was closed.
        assert status(await knock(ari.port, pieces)) in {0, 400, 401, 413}


@pytest.mark.alone
async def test_who_takes_all_connections_does_not_lock_the_controller_out(
    fortress: Fortress,
) -> None:
    ari, start = fortress.house.settings.ari, len(fortress.log)
    too_many = f"HTTP session count exceeded {SESSIONS} sessions"

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(idle(ari.port, SESSIONS, source=STRANGER))
        async with asyncio.timeout(PATIENCE):
            # On a busy machine the first ones end, saying nothing, before the last one is there.
            while too_many not in fortress.log[start:]:
                await stack.enter_async_context(idle(ari.port, 50, source=STRANGER))
                await asyncio.sleep(0.05)
        right = login(ari.username, ari.password.get_secret_value())
        assert status(await knock(ari.port, request("/ari/asterisk/ping", right))) == 0
        # More at a time than there are connections in the controller's pool.
        calls = await fortress.calls(STEERED, [Reply(HANG_UP)] * 12)
    for call in calls:
        assert call.completed == [True]
        assert call.ended.reason == "hung_up"
        assert [event.block_id for event in call.all(BlockEntered)] == [8]


@together
async def test_who_says_nothing_or_too_slowly_is_not_kept(fortress: Fortress) -> None:
    ari = fortress.house.settings.ari
    begun = b"GET /ari/asterisk/ping HTTP/1.1\r\nHost: x\r\n"
    async with idle(ari.port, 20, begin=begun) as slow, idle(ari.port, 20) as silent:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(20):
            for each in (*slow, *silent):
                while await loop.sock_recv(each, 4096):
                    pass
