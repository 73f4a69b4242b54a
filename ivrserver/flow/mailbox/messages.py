"""Let the owner hear the messages one after the other, and save or delete them."""

from __future__ import annotations

from ivrserver.blocks import Prompt
from ivrserver.flow.mailbox.envelope import envelope
from ivrserver.flow.mailbox.owner import BACK, Owner, Presence
from ivrserver.flow.ports import Sound, StoredMessage
from ivrserver.flow.stored import stored

AGAIN, SAVE, DELETE, NEXT = "1", "2", "3", "#"


async def listen(owner: Owner) -> Presence:
    """Play every message, new ones first, until the owner has enough.

    Raises:
        StorageError: the messages cannot be reached.
    """
    messages = await stored(owner.world.mailboxes.messages(owner.box.block_id))
    numbers = {True: 0, False: 0}
    for message in messages:
        numbers[message.new] += 1
        match await _decide(owner, message, numbers[message.new]):
            case "":
                return Presence.IDLE
            case key if key == BACK:
                return Presence.THERE
            case key if key == SAVE:
                await stored(owner.world.mailboxes.save(message.message_id))
                owner.note_change("message saved", message.message_id)
                owner.announce(owner.phrases.kept)
            case key if key == DELETE:
                await stored(owner.world.mailboxes.delete(message.message_id))
                owner.note_change("message deleted", message.message_id)
                owner.announce(owner.phrases.deleted)
    owner.announce(owner.phrases.no_more)
    return Presence.THERE


async def _decide(owner: Owner, message: StoredMessage, number: int) -> str:
    """Play one message as often as the owner likes; return the key that ends it, empty: none."""
    while True:
        heard = await owner.hear(_played(owner, message, number))
        if heard.error:
            owner.announce(owner.phrases.unplayable)
        key = await owner.choose(owner.phrases.message_menu, AGAIN + SAVE + DELETE + NEXT + BACK)
        if key != AGAIN:
            return key


def _played(owner: Owner, message: StoredMessage, number: int) -> list[Prompt | Sound]:
    """Its number, its envelope where the box has one, and what was said."""
    phrases, world = owner.phrases, owner.world
    title = phrases.new_message if message.new else phrases.saved_message
    texts = [title.format(number=number)]
    if owner.box.envelope:
        texts.append(envelope(message, world.clock.now(), world.zone, phrases))
    return [
        Prompt(text=" ".join(texts)),
        Sound(f"recording:{message.recording}", message.seconds),
    ]
