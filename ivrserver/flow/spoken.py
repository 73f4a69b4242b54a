"""A key or a spoken word: how somebody who was called may accept (SPEC §6, ``dtmf_only`` 0)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ivrserver.errors import MediaFailed
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.crew import Crew
from ivrserver.flow.events import Warned, WordHeard
from ivrserver.flow.ports import KeyPressed, RecordingOrder
from ivrserver.flow.world import World

YES, NO = "1", "2"
"""The keys that mean the same as the words."""

LISTEN_SECONDS = 3
"""Longest stretch of speech that is looked at in one piece."""

SILENCE_SECONDS = 1
"""This much silence ends a piece."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came first.

    Attributes:
        key: the key; `YES` or `NO` for a word; empty: neither came.
        how: for people, such as ``pressed 1`` or ``said yes``.
    """

    key: str = ""
    how: str = ""


async def key_or_word(world: World, talk: Conversation, voice: Voice, seconds: float) -> Reply:
    """Wait for a key, or a word for yes or no, for so many seconds.

    A word that was begun within that time counts.
    """
    until = asyncio.get_running_loop().time() + seconds
    async with Crew() as crew:
        key = crew.start(_key(talk))
        word = crew.start(_word(world, talk, voice, until))
        await asyncio.wait({key, word}, return_when=asyncio.FIRST_COMPLETED)
        return key.result() if key.done() else word.result()


async def _key(talk: Conversation) -> Reply:
    while True:
        match await talk.channel.next_event():
            case KeyPressed(key):
                return Reply(key, f"pressed {key}")
            case _:
                continue


async def _word(world: World, talk: Conversation, voice: Voice, until: float) -> Reply:
    """Listen piece by piece: somebody who is silent at first is still heard.

    Whoever talks until a piece is full gives no answer with what follows: an answering machine says
    a yes, too, somewhere.
    """
    loop = asyncio.get_running_loop()
    words = dict.fromkeys(voice.phrases.findme.yes, YES)
    words |= dict.fromkeys(voice.phrases.findme.no, NO)
    goes_on = False
    try:
        while loop.time() < until:
            said, is_full = await _piece(world, talk)
            went_on, goes_on = goes_on, is_full
            if not said:
                continue
            word = ""
            if not went_on:
                word = await world.recogniser.choose(said, list(words), voice.language)
            talk.note(WordHeard(word))
            if word:
                return Reply(words[word], f"said {word}")
    except MediaFailed as error:
        talk.note(Warned(f"spoken words are not heard, keys are: {error}"))
        await asyncio.sleep(max(0.0, until - loop.time()))
    return Reply()


async def _piece(world: World, talk: Conversation) -> tuple[bytes, bool]:
    """Listen for a few seconds. Nothing of it is kept.

    Returns:
        What was said, empty: nothing; and whether it was still going on in the end.
    """
    order = RecordingOrder(
        name=f"{talk.call_id}-{world.new_id()}",
        max_seconds=LISTEN_SECONDS,
        silence=SILENCE_SECONDS,
        beep=False,
        terminator="",
    )
    recording = await talk.channel.record(order)
    try:
        audio = await recording.ended()
        if audio.talking == 0:
            return b"", False
        return await recording.wav(), audio.ended_by == "limit"
    finally:
        await recording.discard()
