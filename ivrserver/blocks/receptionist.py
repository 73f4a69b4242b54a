"""Virtual Receptionist: a menu that leads callers on (SPEC §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivrserver.blocks.destinations import Destination, HangUp
from ivrserver.blocks.questions import SILENCE, Prompt
from ivrserver.blocks.schedule import ALWAYS, Schedule


@dataclass(frozen=True, slots=True)
class Failure:
    """What happens when a caller presses nothing, or something that leads nowhere.

    Attributes:
        tries: how often in all the menu is played because of this failure, at least 1.
        prompt: played before the menu is repeated; empty: the server's own sentence.
        then: where the caller goes when the tries have run out.
    """

    tries: int = 3
    prompt: Prompt = SILENCE
    then: Destination = HangUp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """What is offered, and where each key leads.

    Attributes:
        prompt: names the keys; heard again with every try.
        keys: ``0-9``, ``*``, ``#`` → where it leads.
        extensions: digits → where dialling them leads; may begin with a menu key: then the menu
            key counts when no further digit follows within `between` seconds.
        timeout: seconds to wait for a key after the prompt.
        between: seconds to wait for the next digit of an extension.
        direct: callers may dial the extension of any registered phone too.
    """

    prompt: Prompt
    keys: Mapping[str, Destination] = field(default_factory=dict)
    extensions: Mapping[str, Destination] = field(default_factory=dict)
    direct: bool = False
    timeout: float = 5.0
    between: float = 2.0
    invalid: Failure = Failure()
    no_input: Failure = Failure()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receptionist:
    """Greets callers and lets them choose.

    Attributes:
        greeting: heard once, before the menu.
        menu: while it is open.
        schedule: when it is open.
        closed: outside the schedule: another menu or another place; None: as when open.
        holiday: on holidays; None: as `closed`.
    """

    block_id: int
    name: str
    greeting: Prompt = SILENCE
    menu: Menu
    language: str = "en-US"
    voice: str = ""
    schedule: Schedule = ALWAYS
    closed: Menu | Destination | None = None
    holiday: Menu | Destination | None = None
