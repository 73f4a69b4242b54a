"""Somebody with the portal's softphone in their browser."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from playwright.async_api import Locator, Page, expect

from ivrserver.demo import listening

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


@dataclass
class Handset:
    """The softphone of one page.

    Attributes:
        keys: everything pressed so far.
    """

    page: Page
    keys: str = field(default="")

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

    async def heard(self) -> listening.Sound:
        """All that the page played of the newest call."""
        samples = base64.b64decode(await self.page.evaluate(_RECORDED))
        return np.frombuffer(samples, dtype="<i2").astype(np.float64) / 32768
