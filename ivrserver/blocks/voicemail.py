"""Voicemail: a box that takes messages, and tells about them (SPEC §8).

What its owner changes by phone (PIN, recorded greetings, which greeting is in use) is no part of
the block: it is kept with the messages (`flow.ports.Mailboxes`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ivrserver.blocks.questions import SILENCE, Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """A voicemail box.

    Attributes:
        greeting: empty: the standard greeting, which speaks the box's name. A greeting that the
            owner has recorded by phone wins.
        max_seconds: the longest message.
        silence: this many seconds of silence end a message; 0: never.
        review: afterwards the caller may keep it (1), hear it (2) or record it again (3).
        email: addresses that are told about each message.
        attach: the e-mail carries the recording.
        transcribe: messages are written down in the background, as recorded answers are.
        envelope: date and time are read out before each message.
        phones: names of registered phones whose message lamp shows this box.
    """

    block_id: int
    name: str
    greeting: Prompt = SILENCE
    language: str = "en-US"
    voice: str = ""
    max_seconds: int = 180
    silence: int = 5
    review: bool = True
    email: tuple[str, ...] = ()
    attach: bool = True
    transcribe: bool = False
    envelope: bool = True
    phones: tuple[str, ...] = ()
