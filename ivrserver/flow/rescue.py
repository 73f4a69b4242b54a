"""Keep what was being recorded when the controller of a call was lost (SPEC §13).

Asterisk has gone on recording meanwhile. A caller who has hung up is treated as one who hangs up
while speaking; one who is still there is asked again, and what was said so far is kept too.
"""

from __future__ import annotations

import asyncio

from ivrserver.blocks import Ivr, Record, Voicemail
from ivrserver.errors import TelephonyError
from ivrserver.flow.connecting import SAVE_SECONDS
from ivrserver.flow.conversation import Conversation
from ivrserver.flow.events import RecordingEnded, Warned
from ivrserver.flow.left_message import leave_message
from ivrserver.flow.ports import RecordedAudio
from ivrserver.flow.recorder import SHORTEST_TALK
from ivrserver.flow.records import AnswerGiven, RecordingMade
from ivrserver.flow.saved import Asking, Following, SavedCall
from ivrserver.flow.takes import FINISH_SECONDS, Take
from ivrserver.flow.targets import Visit
from ivrserver.flow.world import World


async def rescue(world: World, talk: Conversation, saved: SavedCall) -> int | None:
    """Keep it; what cannot be had is a warning.

    Returns:
        The id of the question that it answers; None: it is no answer.
    """
    answered = None
    if saved.recording:
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                audio = await talk.channel.left_behind(saved.recording)
        except (TelephonyError, TimeoutError) as error:
            talk.note(Warned(f"what was being recorded is lost: {error or 'no answer in time'}"))
        else:
            answered = _keep(world, talk, saved, audio)
        talk.bookmark.recorded()
    if talk.channel.gone.done() and saved.connection is not None:
        await _end_connection(world, talk, saved)
    return answered


def _keep(world: World, talk: Conversation, saved: SavedCall, audio: RecordedAudio) -> int | None:
    """Store a recording of the caller as what it was to become; nothing was said: not at all.

    Returns:
        The id of the question that it answers; None: it is no answer.
    """
    if audio.talking <= 0:
        return None
    question, box = _question(talk, saved), _box(talk, saved)
    asked = question or box
    talk.note(RecordingEnded(audio.name, audio.seconds, "its controller was lost"))
    talk.write(
        RecordingMade(
            name=audio.name,
            call_id=talk.call_id,
            at=world.clock.now(),
            seconds=audio.seconds,
            ended_by=audio.ended_by,
            asterisk=audio.asterisk,
            transcribe=asked is not None and asked.transcribe,
        )
    )
    if question is not None and saved.run is not None:
        talk.write(
            AnswerGiven(
                response_id=saved.run.response_id,
                question_id=question.question_id,
                at=world.clock.now(),
                sensitive=question.sensitive,
                recording=audio.name,
            )
        )
    if box is not None and audio.talking >= SHORTEST_TALK:
        leave_message(
            world,
            talk,
            box,
            caller_id=saved.caller_id,
            recording=audio.name,
            seconds=audio.seconds,
        )
    return None if question is None else question.question_id


def _question(talk: Conversation, saved: SavedCall) -> Record | None:
    """The question that was being answered by speaking."""
    block = talk.book.blocks.get(saved.run.ivr_id) if saved.run else None
    if not isinstance(saved.doing, Asking) or not isinstance(block, Ivr):
        return None
    index = block.index_of(saved.question_id)
    question = None if index is None else block.questions[index]
    return question if isinstance(question, Record) else None


def _box(talk: Conversation, saved: SavedCall) -> Voicemail | None:
    """The voicemail box for which somebody spoke; its owner who records a greeting is nobody."""
    if not isinstance(saved.doing, Following):
        return None
    target = saved.doing.move.move().target
    block = talk.book.blocks.get(target.block_id) if isinstance(target, Visit) else None
    return block if isinstance(block, Voicemail) else None


async def _end_connection(world: World, talk: Conversation, saved: SavedCall) -> None:
    """The caller of two who were connected is gone: take the rest down, keep the recording."""
    connection = saved.connection
    if connection is None:
        return
    take = None
    try:
        async with world.dialer.rejoin(talk.channel, connection.leg_id) as bridge:
            if connection.recording:
                take = Take(talk, await bridge.recording(connection.recording))
    except TelephonyError as error:
        talk.note(Warned(f"the connection could not be ended in order: {error}"))
    if take is not None:
        await take.close(SAVE_SECONDS)
