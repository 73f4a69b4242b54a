"""Ask for the PIN, say what there is, and lead the owner on."""

from __future__ import annotations

from typing import assert_never

from ivrserver.blocks import Voicemail
from ivrserver.errors import StorageError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import MailboxOpened, MailboxRefused, Warned
from ivrserver.flow.mailbox.messages import listen
from ivrserver.flow.mailbox.owner import BACK, TRIES, Owner, Presence
from ivrserver.flow.mailbox.settings import change_pin, greetings
from ivrserver.flow.ports import PinVerdict
from ivrserver.flow.stored import stored
from ivrserver.flow.world import World

_MAIN_MENU = {"1": listen, "2": change_pin, "3": greetings}


async def open_mailbox(world: World, talk: Conversation, box: Voicemail, voice: Voice) -> str:
    """Let the owner of `box` in by PIN, and serve until they or the tries are done.

    Returns:
        Why it is over, for people. The call is then to be hung up.
    """
    owner = Owner(world, talk, box, voice)
    try:
        refused = await _refused(owner)
        if refused:
            talk.note(MailboxRefused(box.block_id, refused))
            return refused
        return await _serve(owner)
    except StorageError as error:
        talk.note(Warned(f"the mailbox cannot be reached: {error}"))
        await talk.say(owner.phrases.unavailable, voice)
        return "the mailbox cannot be reached"


async def _refused(owner: Owner) -> str:
    """Ask for the PIN. Returns why the caller may not in, having said so; empty: welcome."""
    phrases, mailboxes, block_id = owner.phrases, owner.world.mailboxes, owner.box.block_id
    if not (await stored(mailboxes.state(block_id))).has_pin:
        await owner.say_goodbye(phrases.no_pin)
        return "no PIN is set"
    for attempt in range(TRIES):
        pin = await owner.ask_pin(phrases.enter_pin, type_ahead=attempt == 0)
        verdict = PinVerdict.WRONG
        if pin:
            now = owner.world.clock.now()
            verdict = await stored(mailboxes.check_pin(block_id, pin, now))
        match verdict:
            case PinVerdict.RIGHT:
                return ""
            case PinVerdict.LOCKED:
                await owner.say_goodbye(phrases.locked)
                return "locked: too many wrong PINs lately"
            case PinVerdict.NONE_SET:
                await owner.say_goodbye(phrases.no_pin)
                return "no PIN is set"
            case PinVerdict.WRONG:
                owner.announce(phrases.wrong_pin if pin else phrases.bad_pin)
            case _:
                assert_never(verdict)
    await owner.say_goodbye(phrases.goodbye)
    return f"no right PIN in {TRIES} tries"


async def _serve(owner: Owner) -> str:
    """Say how many messages there are, play them, then offer the main menu."""
    messages = await stored(owner.world.mailboxes.messages(owner.box.block_id))
    new = sum(message.new for message in messages)
    saved = len(messages) - new
    owner.talk.note(MailboxOpened(owner.box.block_id, new, saved))
    phrases = owner.phrases
    owner.announce(phrases.you_have.format(new=phrases.new.of(new), saved=phrases.saved.of(saved)))
    presence = await listen(owner) if messages else Presence.THERE
    while presence is Presence.THERE:
        key = await owner.choose(phrases.main_menu, "".join([*_MAIN_MENU, BACK]))
        if key == BACK:
            await owner.say_goodbye(phrases.goodbye)
            return "the owner ended it"
        presence = await _MAIN_MENU[key](owner) if key else Presence.IDLE
    await owner.say_goodbye(phrases.goodbye)
    return "the owner pressed nothing more"
