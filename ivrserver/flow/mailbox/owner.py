"""What every menu of the mailbox needs: whom it talks to, and how keys are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from ivrserver.blocks import Prompt, Voicemail
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.digits import DigitRule, Ending
from ivrserver.flow.events import MailboxChanged
from ivrserver.flow.gather import Heard, LeftOver, gather, hear
from ivrserver.flow.phrases.mailbox import MailboxPhrases
from ivrserver.flow.ports import Sound
from ivrserver.flow.world import World

TRIES = 3
"""How often a menu is played, or a PIN asked for, before the owner is taken to be gone."""

BACK = "*"
"""In every menu: back to the one before; in the main menu: end the call."""

_PIN_LENGTH = 4
_PIN_RULE = DigitRule(shortest=_PIN_LENGTH, longest=_PIN_LENGTH, terminator="#", first=10.0)
_PATIENCE = 6.0
"""Seconds to choose after a menu has been heard."""


class Presence(Enum):
    """Whether there is still somebody at the phone who presses keys."""

    THERE = "there"
    IDLE = "idle"


@dataclass(slots=True)
class Owner:
    """The owner of a box, on the phone.

    Attributes:
        announced: heard before whatever comes next, so that a key can cut it short.
    """

    world: World
    talk: Conversation
    box: Voicemail
    voice: Voice
    left: LeftOver = field(default_factory=LeftOver, repr=False)
    announced: list[Prompt | Sound] = field(default_factory=list)

    @property
    def phrases(self) -> MailboxPhrases:
        """The sentences of the mailbox."""
        return self.voice.phrases.mailbox

    def announce(self, *texts: str) -> None:
        """Let `texts` be heard before whatever comes next."""
        self.announced += [Prompt(text=text) for text in texts]

    def note_change(self, what: str, message_id: str = "") -> None:
        """Put on the timeline what the owner did."""
        self.talk.note(MailboxChanged(self.box.block_id, what, message_id))

    async def hear(self, prompts: Sequence[Prompt | Sound]) -> Heard:
        """Play `prompts`; a key cuts them short, and counts for the menu that follows."""
        playback_id = await self.talk.play(self._with_announced(prompts), self.voice)
        return await hear(self.talk, playback_id, self.left)

    async def choose(self, menu: str, keys: str) -> str:
        """Play `menu` until one of `keys` is pressed; empty: none is. Keys typed ahead count."""
        own = self.voice.phrases.menu
        rule = DigitRule(first=_PATIENCE, allowed=frozenset(keys))
        for attempt in range(TRIES):
            verdict = await gather(
                self.talk,
                self._with_announced([Prompt(text=menu)]),
                self.voice,
                rule,
                barge_in=True,
                type_ahead=attempt == 0,
                left=self.left,
            )
            if verdict.counts and verdict.keys:
                return verdict.keys
            self.announce(own.no_input if verdict.ending is Ending.NO_INPUT else own.invalid)
        return ""

    async def ask_pin(self, prompt: str, *, type_ahead: bool = False) -> str:
        """Ask once for four digits; empty: none, or not four. They are never noted."""
        verdict = await gather(
            self.talk,
            self._with_announced([Prompt(text=prompt)]),
            self.voice,
            _PIN_RULE,
            barge_in=True,
            type_ahead=type_ahead,
            left=self.left,
        )
        if verdict.ending is Ending.LAST_DIGIT:
            now = asyncio.get_running_loop().time()
            self.left.expect_terminator(_PIN_RULE.terminator, now)
        return verdict.keys if verdict.counts else ""

    async def say_goodbye(self, *texts: str) -> None:
        """Say what is still announced, then `texts`."""
        self.announce(*texts)
        await self.talk.finish(await self.talk.play(self._with_announced([]), self.voice))

    def _with_announced(self, prompts: Sequence[Prompt | Sound]) -> Sequence[Prompt | Sound]:
        announced, self.announced = self.announced, []
        return [*announced, *prompts]
