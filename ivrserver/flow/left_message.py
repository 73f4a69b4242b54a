"""A message in a voicemail box, however it came to be left."""

from __future__ import annotations

from ivrserver.blocks import Voicemail
from ivrserver.flow.conversation import Conversation
from ivrserver.flow.events import VoicemailLeft
from ivrserver.flow.records import MessageLeft
from ivrserver.flow.spoken_messages import SpokenMessage
from ivrserver.flow.world import World


def leave_message(
    world: World,
    talk: Conversation,
    box: Voicemail,
    *,
    caller_id: str,
    recording: str,
    seconds: float,
) -> None:
    """Store it, and have it written down and its owners told as the box wants it.

    Args:
        box: where it is left.
        caller_id: whose it is, in webhook form; empty: unknown.
        recording: name of the recording that it is.
        seconds: its length.
    """
    message_id, now = world.new_id(), world.clock.now()
    talk.write(
        MessageLeft(
            message_id=message_id,
            call_id=talk.call_id,
            block_id=box.block_id,
            at=now,
            caller_id=caller_id,
            recording=recording,
            seconds=seconds,
        )
    )
    spoken = SpokenMessage(
        message_id=message_id,
        block_id=box.block_id,
        language=box.language,
        letter=bool(box.email),
    )
    for order in spoken.orders(now, transcribe=box.transcribe):
        talk.write(order)
    talk.note(VoicemailLeft(message_id, box.block_id, round(seconds, 2)))
