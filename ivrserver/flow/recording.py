"""The `record` question: let the caller speak, and review it where that is configured."""

from __future__ import annotations

from collections.abc import Callable

from ivrserver.blocks import Record
from ivrserver.errors import MediaFailed
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import AnswerRejected, QuestionAsked, Warned
from ivrserver.flow.gather import LeftOver, skip_on_key
from ivrserver.flow.ports import RecordedAudio, RecordingOrder
from ivrserver.flow.question import Answered, Unanswered
from ivrserver.flow.recorder import is_kept, record
from ivrserver.flow.tries import Tries


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
            audio = await record(
                talk, _order(question, name()), keep, transcribe=question.transcribe
            )
        except MediaFailed as error:
            talk.note(Warned(f"the recording failed, the call goes on: {error}"))
            return Unanswered(question.no_input.then, "the recording failed")
        if audio.talking <= 0:
            talk.note(AnswerRejected(question.question_id, 0, "nothing was said"))
            if silent.fail():
                prompts, reason = [question.no_input.prompt, question.prompt], "nothing was said"
                continue
            return Unanswered(question.no_input.then, f"nothing was said, {silent.failed} times")
        if question.review and not await is_kept(talk, audio, voice, left):
            prompts, reason = [question.prompt], "the caller records again"
            continue
        return Answered("", audio.name, question.then)


def _order(question: Record, name: str) -> RecordingOrder:
    return RecordingOrder(
        name=name,
        max_seconds=question.max_seconds,
        silence=question.silence,
        beep=question.beep,
    )
