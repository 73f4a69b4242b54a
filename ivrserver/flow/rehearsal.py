"""Make every prompt of an account ahead of time, so that no caller waits for a voice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import assert_never

from ivrserver.blocks import (
    Block,
    FindMe,
    FlowBook,
    Ivr,
    Menu,
    Prompt,
    Receptionist,
    Voicemail,
)
from ivrserver.errors import SpeechError
from ivrserver.flow.phrases import Phrases, phrases, sentences
from ivrserver.flow.ports import Speech
from ivrserver.flow.question import prompts_of


async def rehearse(book: FlowBook, speech: Speech) -> int:
    """Make what is not in the cache yet, one after the other; return how many are ready.

    What cannot be made is left out: a call that needs it will say so on its timeline.
    """
    ready = 0
    for prompt, language, voice in _fixed_prompts(book):
        with suppress(SpeechError):
            await speech.sound(prompt, language, voice, book.audio.get(prompt.audio, ""))
            ready += 1
    return ready


def _fixed_prompts(book: FlowBook) -> Iterator[tuple[Prompt, str, str]]:
    """Every prompt whose text is known before the call, once, with language and voice.

    All of the audio library is among them, because replies of web servers may name any file.
    """
    known: dict[tuple[Prompt, str, str], None] = {}
    for text in sentences(phrases("en-US")):
        known[Prompt(text=text), "en-US", ""] = None
    for block in book.blocks.values():
        own = phrases(block.language)
        for prompt in _prompts_of(block):
            if prompt.text and "@" not in prompt.text:
                known[prompt, block.language, block.voice] = None
        for text in _sentences_for(block, own):
            known[Prompt(text=text), block.language, block.voice] = None
    for name in book.audio:
        known[Prompt(audio=name), "en-US", ""] = None
    yield from known


def _prompts_of(block: Block) -> Iterator[Prompt]:
    """The block's own prompts."""
    match block:
        case Ivr():
            for question in block.questions:
                yield from prompts_of(question)
        case FindMe():
            yield from (Prompt(text=block.whisper_phrase), Prompt(text=block.screen_prompt))
        case Receptionist():
            yield block.greeting
            for offer in (block.menu, block.closed, block.holiday):
                if isinstance(offer, Menu):
                    yield from (offer.prompt, offer.no_input.prompt, offer.invalid.prompt)
        case Voicemail():
            yield block.greeting
        case _:
            assert_never(block)


def _sentences_for(block: Block, own: Phrases) -> Iterator[str]:
    """The server's own sentences that the block may need."""
    yield from sentences(own)
    match block:
        case Ivr():
            return
        case FindMe():
            yield from sentences(own.findme)
        case Receptionist():
            yield from sentences(own.menu)
        case Voicemail():
            if not block.greeting:
                yield own.voicemail.greeting.format(name=block.name)
            for area in (own.voicemail, own.mailbox, own.menu):
                yield from sentences(area)
        case _:
            assert_never(block)
