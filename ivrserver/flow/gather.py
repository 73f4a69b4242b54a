"""Play prompts and collect keys: the exchange that every key question is made of (SPEC §3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ivrserver.blocks import Prompt
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.digits import DigitMachine, DigitRule, Verdict
from ivrserver.flow.events import PromptStopped
from ivrserver.flow.ports import KeyPressed, PlaybackEnded, Sound

STRAY_TERMINATOR_SECONDS = 2.0
"""A terminator typed by habit behind a fixed-length answer is dropped this long."""


@dataclass(slots=True)
class LeftOver:
    """What the caller's keys at one question mean for the next.

    Attributes:
        stray: a terminator that may still follow a finished answer, until the loop time `until`.
        ahead: keys typed after the answer, or that cut a message short; they count for a next
            question with type-ahead.
    """

    stray: str = ""
    until: float = 0.0
    ahead: list[KeyPressed] = field(default_factory=list)

    def expect_terminator(self, key: str, now: float) -> None:
        """An answer ended without its terminator `key`, which may follow by habit."""
        self.stray, self.until = key, now + STRAY_TERMINATOR_SECONDS

    def is_stray(self, pressed: KeyPressed) -> bool:
        """Whether this key is such a terminator; only the first key after the answer can be."""
        stray = bool(self.stray) and pressed.key == self.stray and pressed.at <= self.until
        self.stray = ""
        return stray


async def gather(
    talk: Conversation,
    prompts: Sequence[Prompt | Sound],
    voice: Voice,
    rule: DigitRule,
    *,
    barge_in: bool,
    type_ahead: bool,
    left: LeftOver,
) -> Verdict:
    """Ask once and return what the caller typed.

    With `barge_in` a key stops the prompt, and counts; without, keys count but the prompt is heard
    to its end. With `type_ahead` keys typed earlier count, and a prompt they answer is not played.
    """
    loop = asyncio.get_running_loop()
    channel = talk.channel
    machine = DigitMachine(rule)
    verdict: Verdict | None = None
    if not type_ahead:
        left.ahead.clear()
        channel.forget_keys()
    elif (verdict := await _typed_ahead(talk, machine, left)) is not None:
        return verdict
    playback_id = "" if machine.keys else await talk.play(prompts, voice)
    if not playback_id:
        machine.begin(loop.time())
    while True:
        if verdict is not None and not playback_id:
            return verdict
        match await channel.next_event(None if playback_id else machine.deadline):
            case None:
                verdict = machine.expire(loop.time())
            case KeyPressed(key, at) as pressed:
                if left.is_stray(pressed):
                    continue
                if verdict is not None:
                    left.ahead.append(pressed)
                    continue
                if playback_id and barge_in:
                    await channel.stop()
                    playback_id = ""
                    talk.note(PromptStopped(f"{talk.party} pressed a key"))
                verdict = machine.feed(key, at)
            case PlaybackEnded(ended, error) if ended == playback_id:
                talk.warn_of(error)
                playback_id = ""
                machine.begin(loop.time())
            case PlaybackEnded():
                continue


async def _typed_ahead(talk: Conversation, machine: DigitMachine, left: LeftOver) -> Verdict | None:
    """Feed the keys that wait in line already; time runs from now. The rest stay for the next."""
    now = asyncio.get_running_loop().time()
    waiting, left.ahead = left.ahead, []
    while (event := await talk.channel.next_event(until=now)) is not None:
        if isinstance(event, KeyPressed):
            waiting.append(event)
    verdict = None
    for pressed in waiting:
        if verdict is not None:
            left.ahead.append(pressed)
        elif not left.is_stray(pressed):
            verdict = machine.feed(pressed.key, now)
    return verdict


@dataclass(frozen=True, slots=True)
class Heard:
    """How a playback ended.

    Attributes:
        key: the key that cut it short; empty: none did.
        error: why it was not heard to its end; empty: it was, or a key cut it short.
    """

    key: str = ""
    error: str = ""


async def hear(
    talk: Conversation, playback_id: str, left: LeftOver, *, keys: str = "0123456789*#ABCD"
) -> Heard:
    """Wait for the end of that playback; one of `keys` cuts it short, others are dropped.

    The key that cuts it short is left for a next question with type-ahead.
    """
    while playback_id:
        match await talk.channel.next_event():
            case KeyPressed() as pressed:
                if left.is_stray(pressed) or pressed.key not in keys:
                    continue
                left.ahead.append(pressed)
                await talk.channel.stop()
                talk.note(PromptStopped(f"{talk.party} pressed a key"))
                return Heard(key=pressed.key)
            case PlaybackEnded(ended, error) if ended == playback_id:
                talk.warn_of(error)
                return Heard(error=error)
            case PlaybackEnded() | None:
                continue
    return Heard()


async def skip_on_key(talk: Conversation, playback_id: str, left: LeftOver) -> bool:
    """Wait for the end of that playback, which any key cuts short; return whether one did."""
    return bool((await hear(talk, playback_id, left)).key)
