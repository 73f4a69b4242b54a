"""Whoever calls a softphone says who they are: the dock shows it as text, whatever it is."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, WebSocketRoute, expect

from ivrserver.access import Role
from ivrserver.config import SoftphoneSettings
from tests.browser.conftest import Look
from tests.browser.hostile import HOSTILE, MARK
from tests.browser.site import Site, open_site
from tests.browser.test_injection import harmless, watching
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINE: Final = "softphone.edgar.01m8h1kp3cmxfxgbw93v7h02z8"
LINES: Final = {
    "user": HOSTILE,
    "asterisks": 1,
    "lines": [
        {
            "asterisk": "main",
            "name": LINE,
            "password": "secret",
            "socket": f"/softphone/lines/main/{LINE}",
        }
    ],
}
ENTRIES: Final = [
    {"dial": f"{HOSTILE}{kind}", "label": HOSTILE, "kind": kind}
    for kind in ("number", "block", "phone", "user")
]
NAMES: Final = (
    f"<img src=x onerror={MARK}>",
    f"javascript:{MARK}",
    f"</title><script>{MARK}</script>",
    "{{7*7}}",
)


class Exchange:
    """Asterisk, as the page's WebSocket knows it: takes the line, and calls it."""

    def __init__(self) -> None:
        self.socket: WebSocketRoute | None = None

    def opened(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        socket.on_message(self.came)

    def came(self, message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode()
        if self.socket is None or not text.startswith("REGISTER"):
            return
        told = "".join(
            f"{line}\r\n" for line in text.split("\r\n")
            if re.match("(Via|From|Call-ID|CSeq|Contact):", line)
        )  # fmt: skip
        to = re.search("^To: .*", text, re.MULTILINE)
        assert to is not None
        head = f"SIP/2.0 200 OK\r\n{told}{to[0].strip()};tag=as1\r\nContent-Length: 0\r\n\r\n"
        self.socket.send(head)

    def call(self, number: int, name: str) -> None:
        """Let somebody of that name call."""
        assert self.socket is not None
        shown = name.replace("\\", "\\\\").replace('"', '\\"')
        self.socket.send(
            f"INVITE sip:{LINE}@ivrserver SIP/2.0\r\n"
            f"Via: SIP/2.0/WS pbx.invalid;branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n"
            f'From: "{shown}" <sip:2125550123@ivrserver>;tag=c{number}\r\n'
            f"To: <sip:{LINE}@ivrserver>\r\nCall-ID: call-{number}\r\nCSeq: 1 INVITE\r\n"
            "Contact: <sip:pbx@pbx.invalid;transport=ws>\r\nContent-Length: 0\r\n\r\n"
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def phones(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal with the softphone in its dock."""
    opening = open_site(tmp_path_factory.mktemp("phones"), softphone=SoftphoneSettings())
    async with in_own_task(opening) as site:
        yield site


async def answered(page: Page, path: str, body: Any) -> None:
    """Let the server answer that."""

    async def fulfil(route: Route) -> None:
        await route.fulfill(content_type="application/json", body=json.dumps(body))

    await page.route(f"**{path}", fulfil)


async def test_a_caller_is_shown_by_name_and_their_name_does_nothing(
    look: Look, phones: Site
) -> None:
    watched = await watching(look, phones, Role.EDITOR)
    page, exchange = watched.page, Exchange()
    await page.route_web_socket("**/softphone/lines/**", exchange.opened)
    await answered(page, "/softphone/lines", LINES)
    await answered(page, "/softphone/directory", {"entries": ENTRIES})
    await page.goto("/account")
    dock = page.locator("#softphone")
    await expect(dock).to_have_attribute("data-standing", "ready")
    for number, name in enumerate(NAMES):
        exchange.call(number, name)
        await expect(dock).to_have_attribute("data-stage", "incoming")
        await expect(dock.locator("[data-phone=party]")).to_have_text(name)
        await harmless(page, f"called by {name}")
        await dock.locator("[data-phone=end]").click()
        await expect(dock).to_have_attribute("data-stage", "none")
    await dock.get_by_role("combobox").fill("alert")
    options = page.locator("#softphone-found").get_by_role("option")
    await expect(options).to_have_count(len(ENTRIES))
    await expect(options.first).to_contain_text(f"<img src=x onerror={MARK}>")
    await harmless(page, "what can be called")
    await options.first.click()
    await harmless(page, "what was chosen")
    await page.goto("about:blank")
