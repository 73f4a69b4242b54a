"""Somebody with the portal's softphone in their browser."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from playwright.async_api import Locator, Page, expect

from ivrserver.access import Role
from ivrserver.demo import listening
from ivrserver.demo.phone import Phone
from ivrserver.flow.events import PromptPlayed
from tests.browser.conftest import Look
from tests.browser.pages import Watched
from tests.browser.site import NAMES, Live
from tests.telephony.caller import Caller
from tests.telephony.house import ask

EDITOR = NAMES[Role.EDITOR]
PAGE = "/account"

SECONDS = 20_000
"""Milliseconds within which what is waited for happens."""

_RECORD = """
() => {
  const audio = document.querySelector("[data-phone=audio]");
  window.taps = [];
  let stream = null;
  window.setInterval(() => {
    if (audio.srcObject === stream) return;
    stream = audio.srcObject;
    if (!stream) return;
    const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 128000 });
    const tap = { pieces: [], recorder };
    recorder.ondataavailable = ({ data }) => tap.pieces.push(data);
    recorder.start(100);
    window.taps.push(tap);
  }, 5);
}
"""
"""What the page plays is recorded from the first moment on, call by call."""

_RECORDED = """
async () => {
  const tap = window.taps.at(-1);
  if (tap.recorder.state !== "inactive") {
    const stopped = new Promise((resolve) => { tap.recorder.onstop = resolve; });
    tap.recorder.stop();
    await stopped;
  }
  const whole = await new Blob(tap.pieces).arrayBuffer();
  const sound = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(whole);
  const samples = Int16Array.from(sound.getChannelData(0), (each) =>
    Math.max(-1, Math.min(1, each)) * 32767);
  let text = "";
  for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
  return btoa(text);
}
"""


PIECE = listening.RATE * 2 // 5
AROUND_SECONDS = 1.0
ALIKE = 0.65
MOST_OF_IT = 0.6
HARDLY_ANY = 0.3
LATE_SECONDS = 0.7
"""So much later is heard what has been played, at most, on a busy machine."""


def share_heard(heard: listening.Sound, prompt: listening.Sound) -> float:
    """How much of a prompt was heard, 0..1: pieces of 0.4 s, in order.

    A browser stretches and shortens what it plays, so that a busy network makes no gaps: pieces are
    where they should be give or take a second.
    """
    prompt = listening.trimmed(prompt)
    places = range(0, len(prompt) - PIECE + 1, PIECE // 2)
    found = [listening.find(heard, prompt[at : at + PIECE]) for at in places]
    assert found, "the prompt is too short to compare"
    begins = [
        each.offset - at / listening.RATE
        for each, at in zip(found, places, strict=True)
        if each.correlation >= ALIKE
    ]
    together = [sum(abs(one - other) < AROUND_SECONDS for other in begins) for one in begins]
    return max(together, default=0) / len(found)


@dataclass
class Handset:
    """The softphone of one page.

    Attributes:
        keys: everything pressed so far.
        watched: what opened the page; None: somebody else.
    """

    page: Page
    keys: str = field(default="")
    watched: Watched | None = None

    @property
    def dock(self) -> Locator:
        return self.page.locator("#softphone")

    def part(self, name: str) -> Locator:
        return self.dock.locator(f'[data-phone="{name}"]')

    async def ready(self) -> None:
        """Wait until it can call and be called, and open it."""
        await expect(self.dock).to_have_attribute("data-standing", "ready", timeout=SECONDS)
        await self.page.evaluate(_RECORD)
        if not await self.part("panel").is_visible():
            await self.part("toggle").click()

    async def stage(self, stage: str) -> None:
        """Wait until the call is that far."""
        await expect(self.dock).to_have_attribute("data-stage", stage, timeout=SECONDS)

    async def dial(self, to: str) -> None:
        """Call; returns when it is answered."""
        await self.dock.get_by_role("combobox").fill(to)
        await self.part("start").click()
        await self.stage("talking")

    async def press(self, keys: str) -> None:
        """Press keys with the mouse."""
        self.keys += keys
        for key in keys:
            await self.dock.locator(f'[data-key="{key}"]').click()

    async def accept(self) -> None:
        """Take the call that comes."""
        await self.stage("incoming")
        await self.part("accept").click()
        await self.stage("talking")

    async def hang_up(self) -> None:
        """End the call."""
        await self.part("end").click()
        await self.idle()

    async def idle(self) -> None:
        """Wait until the call is over."""
        await self.stage("none")

    async def measured(self) -> dict[str, Any]:
        """What WebRTC's statistics say, as the dock shows it."""
        await expect(self.dock).to_have_attribute("data-codec", re.compile("."), timeout=SECONDS)
        found: dict[str, Any] = await self.dock.evaluate("(dock) => ({...dock.dataset})")
        return {name: float(found[name]) for name in ("packets", "lost", "energy")} | {
            "codec": found["codec"]
        }

    async def more_heard_than(self, packets: float) -> None:
        """Wait until more has come in."""
        script = "([dock, least]) => Number(dock.dataset.packets) > least"
        dock = await self.dock.element_handle()
        await self.page.wait_for_function(script, arg=[dock, packets], timeout=SECONDS)

    async def gone(self, live: Live) -> None:
        """Wait until there is no line any more."""
        async with asyncio.timeout(SECONDS / 1000):
            while await lines_of(live):  # noqa: ASYNC110 - Asterisk is asked
                await asyncio.sleep(0.05)

    async def heard_texts(self, live: Live, *texts: str, but: str) -> None:
        """Assert that the page played what the server says by these texts, and not `but`.

        For tests that run alone: a machine with much to do cuts holes into what a browser plays.
        """
        heard = await self.heard()
        shares = [share_heard(heard, await live.house.prompt(text)) for text in texts]
        # Not each by itself: some holes there are on any machine.
        assert np.mean(shares) > MOST_OF_IT, dict(zip(texts, shares, strict=True))
        share = share_heard(heard, await live.house.prompt(but))
        assert share < HARDLY_ANY, f"of {but!r} {share:.0%} was heard"

    async def heard(self) -> listening.Sound:
        """All that the page played of the newest call."""
        samples = base64.b64decode(await self.page.evaluate(_RECORDED))
        return np.frombuffer(samples, dtype="<i2").astype(np.float64) / 32768


async def handset(
    look: Look,
    live: Live,
    role: Role = Role.EDITOR,
    expected: Sequence[str] = (),
    **options: Any,
) -> Handset:
    """The softphone of somebody who has just signed in; `expected`: what its console may say."""
    watched = await look(live.site.address, **options)
    watched.expect(*expected)
    await live.site.sign_in(watched, role)
    await watched.page.goto(PAGE)
    phone = Handset(watched.page, watched=watched)
    await phone.ready()
    return phone


async def said(live: Live, caller: Caller, text: str) -> None:
    """Wait until a prompt of a call has been heard to its end, whoever hears it."""
    await caller.until(lambda event: isinstance(event, PromptPlayed) and text in event.text)
    await asyncio.sleep(len(await live.house.prompt(text)) / listening.RATE + LATE_SECONDS)


def caller_of(live: Live, phone: Handset, user: str = EDITOR) -> Caller:
    """The calls of a user's softphone, as the server has stored them."""
    house = live.house
    nobody = Phone(house.settings.packages)
    return Caller(nobody, user, house.settings.sip.port, house.engine, keys=phone.keys)


async def lines_of(live: Live) -> list[str]:
    """The softphones that Asterisk knows, oldest first."""
    (endpoints,) = await ask(live.house.settings, "endpoints/PJSIP")
    names = [each["resource"] for each in endpoints]  # type: ignore[attr-defined]
    return sorted(name for name in names if name.startswith("softphone."))
