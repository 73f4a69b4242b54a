"""What a person who is called hears, and whether they take the call (SPEC §6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from ivrserver.blocks import FindMe, Prompt, ScreenMethod
from ivrserver.blocks.audio_names import find_audio
from ivrserver.errors import MediaFailed
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.digits import DigitRule
from ivrserver.flow.events import Warned
from ivrserver.flow.gather import LeftOver, gather
from ivrserver.flow.ports import RecordingOrder, Sound
from ivrserver.flow.recorder import record
from ivrserver.flow.spoken import NO, YES, Reply, key_or_word
from ivrserver.flow.world import World

NAME_SECONDS = 5
"""The longest name that a caller records."""

NAME_SILENCE = 2
"""Seconds of silence that end it."""

ANSWER_SECONDS = 5.0
"""How long the person called may think after the prompt."""

TIMES_ASKED = 2
"""After that, no key means no."""


Whisper = tuple[Prompt | Sound, ...]


@dataclass(frozen=True, slots=True)
class Screening:
    """What everybody who is called hears, the same for all.

    Attributes:
        whisper: tells who calls, or why; empty: nothing does.
        ask: asks to accept.
        spoken: words count as keys do.
    """

    whisper: Whisper
    ask: Prompt
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person called said; `outcome` is one of `events.LegScreened`."""

    outcome: str
    reason: str

    @property
    def accepted(self) -> bool:
        """They take the call."""
        return self.outcome == "accepted"


async def whisper_of(
    world: World, talk: Conversation, findme: FindMe, voice: Voice, name: Sound | None = None
) -> Whisper:
    """What is whispered; the caller is asked for their name where that is it and not known."""
    match findme.screen_method:
        case ScreenMethod.RECORD_NAME:
            said = name or await _name(world, talk, voice)
            return Prompt(text=voice.phrases.findme.call_from), said
        case ScreenMethod.WHISPER_PHRASE:
            return (Prompt(text=findme.whisper_phrase),) if findme.whisper_phrase else ()
        case ScreenMethod.WHISPER_AUDIO:
            file = find_audio(talk.book.audio, findme.whisper_audio)
            if not file:
                missing = f"the audio library has no file {findme.whisper_audio!r}: no whisper"
                talk.note(Warned(missing))
            return (Prompt(audio=file),) if file else ()
        case _:
            assert_never(findme.screen_method)


def screening_of(
    world: World, talk: Conversation, findme: FindMe, voice: Voice, whisper: Whisper
) -> Screening:
    """How people are asked, behind that whisper."""
    sentences = voice.phrases.findme
    spoken = not findme.dtmf_only and world.recogniser.hears(voice.language)
    if not findme.dtmf_only and not spoken:
        talk.note(Warned(f"nothing here understands spoken {voice.language}: keys only"))
    own = sentences.accept_or_say if spoken else sentences.accept
    return Screening(whisper, Prompt(text=findme.screen_prompt or own), spoken)


async def _name(world: World, talk: Conversation, voice: Voice) -> Prompt | Sound:
    """What the caller says their name is, or a sentence in its place."""
    await talk.say(voice.phrases.findme.ask_name, voice)
    talk.channel.forget_keys()
    order = RecordingOrder(
        name=f"{talk.call_id}-{world.new_id()}",
        max_seconds=NAME_SECONDS,
        silence=NAME_SILENCE,
        beep=True,
    )
    try:
        audio = await record(talk, order, keep=lambda _audio: None)
    except MediaFailed as error:
        talk.note(Warned(f"the caller's name was not recorded, the call goes on: {error}"))
    else:
        if audio.talking > 0:
            return Sound(audio.uri, audio.seconds)
    return Prompt(text=voice.phrases.findme.no_name)


async def whisper_to(aside: Conversation, screening: Screening, voice: Voice) -> None:
    """Let the person called hear the whisper to its end; nothing is asked."""
    await aside.finish(await aside.play(screening.whisper, voice))


async def ask_to_accept(
    world: World, aside: Conversation, screening: Screening, voice: Voice
) -> Answer:
    """Whisper, ask, and ask once more. A key cuts what is heard short, and counts."""
    heard: Whisper = (*screening.whisper, screening.ask)
    rule = DigitRule(first=0.0 if screening.spoken else ANSWER_SECONDS)
    for _ in range(TIMES_ASKED):
        verdict = await gather(
            aside, heard, voice, rule, barge_in=True, type_ahead=False, left=LeftOver()
        )
        reply = Reply(verdict.keys, f"pressed {verdict.keys}")
        if screening.spoken and not reply.key:
            reply = await key_or_word(world, aside, voice, ANSWER_SECONDS)
        if reply.key == YES:
            return Answer("accepted", reply.how)
        if reply.key == NO:
            return Answer("declined", reply.how)
        heard = (screening.ask,)
    return Answer("no_key", f"neither 1 nor 2, asked {TIMES_ASKED} times")
