"""Virtual Receptionist: greet callers and let them choose where to go (SPEC §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivrserver.blocks import ALWAYS, Destination, Menu, Prompt, Receptionist, ToNumber
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.digits import DigitRule, Ending, Verdict
from ivrserver.flow.events import MenuChosen, MenuFailed, MenuPlayed, OpeningChecked
from ivrserver.flow.gather import LeftOver, gather
from ivrserver.flow.targets import name_of, target_of
from ivrserver.flow.tries import Tries
from ivrserver.flow.world import World


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where the receptionist sends the caller, and why."""

    destination: Destination
    reason: str


async def receive(world: World, talk: Conversation, block: Receptionist, voice: Voice) -> Chosen:
    """Look at the clock, greet, and offer the menu until a choice is made or the tries run out."""
    offer, reason = _offer(world, talk, block)
    if not isinstance(offer, Menu):
        return Chosen(offer, reason)
    return await _choose(talk, _Choices.of(offer, world.extensions), block.greeting, voice, reason)


def _offer(world: World, talk: Conversation, block: Receptionist) -> tuple[Menu | Destination, str]:
    """The menu, or the place that takes its place, at this hour."""
    if block.schedule == ALWAYS:
        return block.menu, "its turn"
    opening = block.schedule.at(world.clock.now(), world.zone)
    talk.note(OpeningChecked(opening.open, opening.reason))
    if opening.open:
        return block.menu, opening.reason
    on_holiday = block.holiday if opening.holiday else None
    return on_holiday or block.closed or block.menu, opening.reason


@dataclass(frozen=True, slots=True)
class _Way:
    """Where keys lead, and what they are, for people."""

    destination: Destination
    what: str


@dataclass(frozen=True, slots=True)
class _Choices:
    """A menu, and every input that leads somewhere."""

    menu: Menu
    ways: Mapping[str, _Way]

    @classmethod
    def of(cls, menu: Menu, phones: Mapping[str, str]) -> _Choices:
        """What `menu` offers; `phones`: extension → name of each registered phone."""
        ways = {}
        if menu.direct:
            ways = {
                digits: _Way(ToNumber(name), f"the extension of phone {name!r}")
                for digits, name in phones.items()
            }
        ways |= {digits: _Way(to, "an extension") for digits, to in menu.extensions.items()}
        ways |= {key: _Way(to, "a menu key") for key, to in menu.keys.items()}
        return cls(menu, ways)

    def rule(self) -> DigitRule:
        """What counts; # ends an extension unless it is a choice itself."""
        longest = max(map(len, self.ways), default=1)
        return DigitRule(
            longest=longest,
            terminator="#" if longest > 1 and "#" not in self.ways else "",
            first=self.menu.timeout,
            between=self.menu.between,
            allowed=frozenset(self.ways),
        )


async def _choose(
    talk: Conversation, choices: _Choices, greeting: Prompt, voice: Voice, reason: str
) -> Chosen:
    menu, own = choices.menu, voice.phrases.menu
    invalid, no_input = Tries(menu.invalid), Tries(menu.no_input)
    left = LeftOver()
    before, attempt = greeting, 1
    while True:
        talk.note(MenuPlayed(attempt, reason))
        verdict = await gather(
            talk,
            [before, menu.prompt],
            voice,
            choices.rule(),
            barge_in=True,
            type_ahead=False,
            left=left,
        )
        way = choices.ways.get(verdict.keys)
        if way is not None:
            return _chosen(talk, verdict, way)
        silent = verdict.ending is Ending.NO_INPUT
        tries = no_input if silent else invalid
        reason = verdict.ending.value if silent else "the keys lead nowhere"
        talk.note(MenuFailed("" if silent else verdict.keys or "#", reason))
        attempt += 1
        if not tries.fail():
            return Chosen(tries.allowed.then, f"{reason}, {tries.failed} times")
        before = tries.allowed.prompt or Prompt(text=own.no_input if silent else own.invalid)


def _chosen(talk: Conversation, verdict: Verdict, way: _Way) -> Chosen:
    to = name_of(target_of(way.destination))
    talk.note(MenuChosen(verdict.keys, to, f"{way.what}, ended by {verdict.ending.value}"))
    return Chosen(way.destination, f"the caller pressed {verdict.keys}, {way.what}")
