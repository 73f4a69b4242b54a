"""Make every prompt of an account ahead of time, so that no caller waits for a voice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ivrserver.blocks import FlowBook, Prompt
from ivrserver.errors import SpeechError
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import Speech
from ivrserver.flow.question import prompts_of


async def rehearse(book: FlowBook, speech: Speech) -> int:
    """Make what is not in the cache yet, one after the other; return how many are ready.

    What cannot be made is left out: a call that needs it will say so on its timeline.
    """
    ready = 0
    for prompt, language, voice in _fixed_prompts(book):
        path = book.audio.get(prompt.audio, "")
        if prompt.audio and not path:
            continue
        with suppress(SpeechError):
            await speech.sound(prompt, language, voice, path)
            ready += 1
    return ready


def _fixed_prompts(book: FlowBook) -> Iterator[tuple[Prompt, str, str]]:
    """Every prompt whose text is known before the call, with language and voice."""
    languages = {"en-US": ""}
    for block in book.blocks.values():
        languages.setdefault(block.language, block.voice)
        for question in block.questions:
            for prompt in prompts_of(question):
                if prompt and "@" not in prompt.text:
                    yield prompt, block.language, block.voice
    for language, voice in languages.items():
        own = phrases(language)
        for text in (own.apology, own.not_in_service, own.nobody_available, own.review):
            yield Prompt(text=text), language, voice
