"""A browser's SIP over our own WebSocket, handed on to Asterisk's, which nobody else reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Final

import aiohttp
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from ivrserver.web.softphone.sip import LONGEST, Talks, objection

log = structlog.get_logger(__name__)

SUBPROTOCOL: Final = "sip"
_CONNECT_SECONDS: Final = 5.0
_CHECK_SECONDS: Final = 10.0
"""Between two looks whether the visitor is still signed in and may still call."""
_MESSAGES: Final = 200
_PERIOD: Final = 10.0
"""So many messages in so many seconds, more than the busiest phone sends."""


class Close(IntEnum):
    """Why we end a connection, as browsers are told (RFC 6455, 7.4)."""

    AWAY = 1013
    """Asterisk or the database is not there: try again later."""
    ODD = 1008
    """The browser has sent what no softphone sends."""
    SIGNED_OUT = 4401
    """The visitor may call no longer."""
    UNKNOWN = 4404
    """There is no such line any more: ask for another."""


StillWelcome = Callable[[bool], Awaitable[bool]]

GOING: Final = frozenset({1000, 1001})
"""With these a browser says that its page is gone; all else may be a network that comes back."""


async def passed_on(
    browser: WebSocket,
    http: aiohttp.ClientSession,
    url: str,
    line: str,
    still_welcome: StillWelcome,
) -> bool:
    """Accept the browser's WebSocket and hand messages on, both ways, until either side ends it.

    Args:
        url: Asterisk's WebSocket for SIP.
        line: the browser's SIP endpoint; it can begin no conversation as another.
        still_welcome: asked now and then, and told whether somebody has talked since.

    Returns:
        Whether the line is no longer wanted: the page is gone, or its user is.
    """
    try:
        async with (
            asyncio.timeout(_CONNECT_SECONDS) as patience,
            http.ws_connect(url, protocols=(SUBPROTOCOL,), max_msg_size=LONGEST) as asterisk,
        ):
            patience.reschedule(None)
            await browser.accept(SUBPROTOCOL)
            return await _between(browser, asterisk, line, still_welcome)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.warning("softphone_not_connected", error=type(error).__name__)
        await _refuse(browser)
        return False


async def _refuse(browser: WebSocket) -> None:
    """Accept it first: a browser is told no reason of a WebSocket that was never open."""
    try:
        await browser.accept(SUBPROTOCOL)
        await browser.close(Close.AWAY, "Asterisk does not answer")
    except (RuntimeError, WebSocketDisconnect):
        return


async def _between(
    browser: WebSocket,
    asterisk: aiohttp.ClientWebSocketResponse,
    line: str,
    still_welcome: StillWelcome,
) -> bool:
    talks = Talks()
    out = asyncio.create_task(_to_asterisk(browser, asterisk, line, talks))
    back = asyncio.create_task(_to_browser(asterisk, browser, talks))
    watch = asyncio.create_task(_until_unwelcome(still_welcome, talks))
    try:
        await asyncio.wait({out, back, watch}, return_when=asyncio.FIRST_COMPLETED)
        first = next(task for task in (out, watch, back) if task.done())
        code, reason = first.result()
    finally:
        for task in (out, back, watch):
            task.cancel()
        await asyncio.gather(out, back, watch, return_exceptions=True)
    if first is not out or code == Close.ODD:
        try:
            await browser.close(code, reason)
        except (RuntimeError, WebSocketDisconnect):
            return code == Close.SIGNED_OUT
    return code in GOING or code == Close.SIGNED_OUT


async def _to_asterisk(
    browser: WebSocket, asterisk: aiohttp.ClientWebSocketResponse, line: str, talks: Talks
) -> tuple[int, str]:
    """Hand on what the browser sends; how it ended."""
    clock = asyncio.get_running_loop().time
    since, sent = clock(), 0
    while True:
        message = await browser.receive()
        if message["type"] == "websocket.disconnect":
            return int(message.get("code") or 1005), ""
        text = message.get("text")
        if clock() - since > _PERIOD:
            since, sent = clock(), 0
        sent += 1
        if sent > _MESSAGES:
            wrong = "too many messages"
        elif text is None:
            wrong = "no text"
        else:
            wrong = objection(text, line)
        if wrong or text is None:
            log.warning("softphone_refused", line=line, why=wrong)
            return Close.ODD, wrong
        talks.heed(text)
        try:
            await asterisk.send_str(text)
        except (aiohttp.ClientError, ConnectionError):
            return Close.AWAY, "Asterisk has gone"


async def _to_browser(
    asterisk: aiohttp.ClientWebSocketResponse, browser: WebSocket, talks: Talks
) -> tuple[int, str]:
    """Hand on what Asterisk sends; how it ended."""
    try:
        async for message in asterisk:
            if message.type is aiohttp.WSMsgType.TEXT:
                text = message.data
            elif message.type is aiohttp.WSMsgType.BINARY:
                text = message.data.decode(errors="replace")
            else:
                continue
            talks.heed(text)
            await browser.send_text(text)
    except (RuntimeError, WebSocketDisconnect):
        return 1005, ""
    return Close.AWAY, "Asterisk has gone"


async def _until_unwelcome(still_welcome: StillWelcome, talks: Talks) -> tuple[int, str]:
    while True:
        await asyncio.sleep(_CHECK_SECONDS)
        if not await still_welcome(talks.since_last()):
            return Close.SIGNED_OUT, "signed out"
