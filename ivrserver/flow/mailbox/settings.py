"""What the owner of a voicemail box changes by phone: the PIN, and what callers hear."""

from __future__ import annotations

from ivrserver.blocks import Prompt
from ivrserver.errors import MediaFailed
from ivrserver.flow.events import Warned
from ivrserver.flow.mailbox.owner import BACK, TRIES, Owner, Presence
from ivrserver.flow.ports import GreetingKind, RecordingOrder
from ivrserver.flow.recorder import GREETING_SECONDS, Speech, listen
from ivrserver.flow.stored import stored

_SILENCE = 5
"""Seconds of silence that end a greeting."""

_RECORD = {"1": GreetingKind.RECORDED, "2": GreetingKind.VACATION}
_USE = {"3": GreetingKind.RECORDED, "4": GreetingKind.VACATION, "5": GreetingKind.STANDARD}


async def change_pin(owner: Owner) -> Presence:
    """Let the owner type a new PIN twice.

    Raises:
        StorageError: it could not be kept.
    """
    phrases = owner.phrases
    for _ in range(TRIES):
        pin = await owner.ask_pin(phrases.new_pin)
        if not pin:
            owner.announce(phrases.bad_pin)
            continue
        if await owner.ask_pin(phrases.new_pin_again) != pin:
            owner.announce(phrases.pins_differ)
            continue
        await stored(owner.world.mailboxes.set_pin(owner.box.block_id, pin))
        owner.note_change("PIN changed")
        owner.announce(phrases.pin_changed)
        break
    return Presence.THERE


async def greetings(owner: Owner) -> Presence:
    """Let the owner record greetings and choose the one that callers hear.

    Raises:
        StorageError: the choice could not be kept.
    """
    while True:
        key = await owner.choose(owner.phrases.greetings_menu, "".join([*_RECORD, *_USE, BACK]))
        if key in _RECORD:
            await _record(owner, _RECORD[key])
        elif key in _USE:
            await _use(owner, _USE[key])
        else:
            return Presence.THERE if key == BACK else Presence.IDLE


async def _record(owner: Owner, kind: GreetingKind) -> None:
    """Record a greeting; only one that the owner has kept replaces the one before."""
    phrases, speech = owner.phrases, Speech()
    await owner.hear([Prompt(text=phrases.speak_greeting)])
    try:
        await listen(owner.talk, lambda: _order(owner), owner.voice, speech, review=True)
    except MediaFailed as error:
        owner.talk.note(Warned(f"the greeting could not be recorded: {error}"))
        owner.announce(phrases.recording_failed)
        return
    if speech.said is None:
        owner.announce(phrases.nothing_recorded)
        return
    await stored(
        owner.world.mailboxes.set_greeting(owner.box.block_id, kind, recording=speech.said.name)
    )
    owner.note_change(f"{kind.value} greeting spoken anew, and in use")
    owner.announce(phrases.greeting_recorded)


async def _use(owner: Owner, kind: GreetingKind) -> None:
    """Choose the greeting that callers hear, if there is one."""
    mailboxes, block_id = owner.world.mailboxes, owner.box.block_id
    if kind is not GreetingKind.STANDARD:
        state = await stored(mailboxes.state(block_id))
        if kind not in state.recordings:
            owner.announce(owner.phrases.not_recorded)
            return
    await stored(mailboxes.set_greeting(block_id, kind))
    owner.note_change(f"{kind.value} greeting in use")
    owner.announce(owner.phrases.greeting_chosen)


def _order(owner: Owner) -> RecordingOrder:
    return RecordingOrder(
        name=owner.world.new_id(), max_seconds=GREETING_SECONDS, silence=_SILENCE, beep=True
    )
