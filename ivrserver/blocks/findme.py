"""FindMe: a list of people to try until one takes the call (SPEC §6, reference).

The enums' values are those of the reference, which replies and flow files share.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from ivrserver.blocks.destinations import Destination
from ivrserver.blocks.schedule import ALWAYS, Schedule


class ScreenMethod(IntEnum):
    """``screen_method``: what the person called hears before accepting."""

    RECORD_NAME = 0
    WHISPER_PHRASE = 1
    WHISPER_AUDIO = 2


class AutoAccept(IntEnum):
    """``auto_accept``: whether the person called is asked."""

    ASK = 0
    FIRST_TO_ANSWER = 1
    LAST_NUMBER_UNSCREENED = 2
    LAST_NUMBER_SCREENED = 3


class NextAction(IntEnum):
    """``nextaction``: what happens when nobody took the call."""

    SAY_NOBODY_AND_HANG_UP = 1
    VOICEMAIL = 2
    ACCEPT_LAST_SCREENED = 3
    RECEPTIONIST = 4
    FINDME = 5
    IVR = 6
    ACCEPT_LAST_UNSCREENED = 7


class Distribution(Enum):
    """In which order the list is tried.

    SEQUENTIAL: as written. RANDOM: shuffled anew for every call. ROUND_ROBIN: as written, but
    every call begins one further than the call before.
    """

    SEQUENTIAL = "sequential"
    RANDOM = "random"
    ROUND_ROBIN = "round_robin"


class ShownCallerId(Enum):
    """Which number the people called see: the caller's, or the number the caller dialled."""

    CALLER = "caller"
    OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindMe:
    """A list of people, and how they are tried.

    Attributes:
        block_id: its id among all building blocks; 0: a dynamic one, made by a reply.
        phones: phone numbers, names or extensions of registered phones, or names of users, in list
            order.
        simultaneous: size of each group that is called at once, at least 1.
        timeout: seconds per attempt, 20 to 60.
        whisper_phrase: spoken to the person called, under WHISPER_PHRASE; may hold ``@names``.
        whisper_audio: name of a file of the audio library, under WHISPER_AUDIO.
        screen_prompt: asks the person called to accept; empty: the server's own sentence.
        dtmf_only: accept by key only, else by key or spoken yes.
        record: record the call, after a warning to both parties.
        next_action: what happens when nobody took the call.
        next_action_item: block id for the next actions that need one, else None.
        loops: how often the whole list is tried, 0 to 5; 0: not at all, the next action follows.
        hold_music: name of a file of the audio library; empty: the standard music.
        hold_repeat: how often `hold_music` is played before ringing is heard; 0: until connected.
        ringing: the caller hears ringing, no hold music at all.
        schedule: when the people are called.
        closed: where the caller goes outside the schedule; None: to the next action.
    """

    block_id: int = 0
    name: str = ""
    phones: tuple[str, ...] = ()
    language: str = "en-US"
    voice: str = ""
    simultaneous: int = 1
    timeout: int = 30
    screen_method: ScreenMethod = ScreenMethod.RECORD_NAME
    whisper_phrase: str = ""
    whisper_audio: str = ""
    screen_prompt: str = ""
    auto_accept: AutoAccept = AutoAccept.ASK
    dtmf_only: bool = True
    record: bool = False
    next_action: NextAction = NextAction.SAY_NOBODY_AND_HANG_UP
    next_action_item: int | None = None
    loops: int = 1
    distribution: Distribution = Distribution.SEQUENTIAL
    hold_music: str = ""
    hold_repeat: int = 0
    ringing: bool = False
    caller_id: ShownCallerId = ShownCallerId.CALLER
    schedule: Schedule = ALWAYS
    closed: Destination | None = None
