"""The `record` question: let the caller speak, and review it where that is configured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ivrserver.blocks import Prompt, Record
from ivrserver.errors import MediaFailed
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.digits import DigitRule
from ivrserver.flow.events import (
    AnswerRejected,
    QuestionAsked,
    RecordingEnded,
    RecordingStarted,
    Warned,
)
from ivrserver.flow.gather import LeftOver, gather, skip_on_key
from ivrserver.flow.ports import RecordedAudio, Recording, RecordingOrder, Sound
from ivrserver.flow.question import Answered, Tries, Unanswered
from ivrserver.flow.records import RecordingMade

FINISH_SECONDS = 2.0
"""How long a recording may take to close after the caller hung up."""

KEEP, HEAR, AGAIN = "1", "2", "3"
_REVIEW_RULE = DigitRule(first=10.0, allowed=frozenset({KEEP, HEAR, AGAIN}))


async def ask_to_record(
    talk: Conversation,
    question: Record,
    voice: Voice,
    left: LeftOver,
    *,
    name: Callable[[], str],
    keep: Callable[[RecordedAudio], None],
) -> Answered | Unanswered:
    """Record the caller's answer.

    A recording that fails does not end the call: the question counts as unanswered (SPEC §13).

    Args:
        name: makes a new unique recording name.
        keep: called with every recording made, also when the caller hung up while speaking; a
            later one replaces an earlier one.
    """
    silent = Tries(question.no_input)
    prompts, reason, attempt = [question.prompt], "its turn", 1
    while True:
        talk.note(QuestionAsked(question.question_id, question.name, attempt, reason))
        attempt += 1
        left.ahead.clear()
        talk.channel.forget_keys()
        playback_id = await talk.play(prompts, voice)
        if question.barge_in:
            await skip_on_key(talk, playback_id, left)
        else:
            await talk.finish(playback_id)
        try:
            audio = await _record(talk, question, name(), keep)
        except MediaFailed as error:
            talk.note(Warned(f"the recording failed, the call goes on: {error}"))
            return Unanswered(question.no_input.then, "the recording failed")
        if audio.talking <= 0:
            talk.note(AnswerRejected(question.question_id, 0, "nothing was said"))
            if silent.fail():
                prompts, reason = [question.no_input.prompt, question.prompt], "nothing was said"
                continue
            return Unanswered(question.no_input.then, f"nothing was said, {silent.failed} times")
        if question.review and not await _is_kept(talk, audio, voice, left):
            prompts, reason = [question.prompt], "the caller records again"
            continue
        return Answered("", audio.name, question.then)


async def _record(
    talk: Conversation, question: Record, name: str, keep: Callable[[RecordedAudio], None]
) -> RecordedAudio:
    order = RecordingOrder(
        name=name,
        max_seconds=question.max_seconds,
        silence=question.silence,
        beep=question.beep,
    )
    recording = await talk.channel.record(order)
    talk.note(RecordingStarted(name))
    try:
        audio = await recording.ended()
    except asyncio.CancelledError:
        # The caller hung up while speaking: what they said is still an answer.
        said = await _close(talk, recording)
        if said is not None:
            _note_end(talk, question, said)
            keep(said)
        raise
    _note_end(talk, question, audio)
    keep(audio)
    return audio


async def _close(talk: Conversation, recording: Recording) -> RecordedAudio | None:
    try:
        async with asyncio.timeout(FINISH_SECONDS):
            return await recording.ended()
    except (MediaFailed, TimeoutError) as error:
        talk.note(Warned(f"the recording was not closed: {error or 'no answer in time'}"))
        return None


def _note_end(talk: Conversation, question: Record, audio: RecordedAudio) -> None:
    talk.note(RecordingEnded(audio.name, audio.seconds, f"ended by {audio.ended_by}"))
    talk.write(
        RecordingMade(
            name=audio.name,
            call_id=talk.call_id,
            at=talk.clock.now(),
            seconds=audio.seconds,
            ended_by=audio.ended_by,
            transcribe=question.transcribe,
        )
    )


async def _is_kept(talk: Conversation, audio: RecordedAudio, voice: Voice, left: LeftOver) -> bool:
    """Let the caller hear it; True: keep it. Silence or three wrong keys keep it too."""
    menu = [Prompt(text=voice.phrases.review)]
    for _ in range(10):
        verdict = await gather(
            talk, menu, voice, _REVIEW_RULE, barge_in=True, type_ahead=False, left=left
        )
        if verdict.keys == HEAR:
            playback_id = await talk.channel.play([Sound(audio.uri, audio.seconds)])
            await skip_on_key(talk, playback_id, left)
        elif verdict.keys == AGAIN:
            return False
        elif verdict.counts:
            return True
    return True
