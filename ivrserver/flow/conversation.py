"""What every step of a call has at hand: the caller, the voice, the clock and the timeline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ivrserver.actions.substitution import substitute
from ivrserver.blocks import FlowBook, Prompt
from ivrserver.errors import SpeechError
from ivrserver.flow.bookmark import Bookmark
from ivrserver.flow.events import Event, PromptPlayed, Warned
from ivrserver.flow.phrases import Phrases, phrases
from ivrserver.flow.ports import Channel, Clock, Journal, KeyPressed, PlaybackEnded, Sound, Speech
from ivrserver.flow.records import Record, TimelineEntry


@dataclass(frozen=True, slots=True)
class Voice:
    """In which language and voice prompts are spoken, and what their ``@names`` mean."""

    language: str = "en-US"
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def phrases(self) -> Phrases:
        """The server's own sentences in this language."""
        return phrases(self.language)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One party and what is needed to talk to them. Everything said and done is noted.

    Attributes:
        bookmark: where the call is, for whoever has to continue it.
        leg_id: the leg that the party is; empty: the caller.
    """

    call_id: str
    channel: Channel
    speech: Speech
    journal: Journal
    clock: Clock
    book: FlowBook
    bookmark: Bookmark
    leg_id: str = ""

    @property
    def party(self) -> str:
        """Who it is, for people."""
        return "the person called" if self.leg_id else "the caller"

    def note(self, event: Event) -> None:
        """Put `event` on the timeline."""
        self.write(TimelineEntry(self.call_id, self.clock.now(), event, self.leg_id))

    def write(self, record: Record) -> None:
        """Store `record`, behind everything written before."""
        self.journal.write(record)

    async def play(self, prompts: Sequence[Prompt | Sound], voice: Voice) -> str:
        """Begin to play `prompts` without gaps; return the playback id, empty: nothing to play.

        A prompt that cannot be made is left out with a warning: the call never hangs on it.
        """
        return await self._start(
            [sound for each in prompts for sound in await self._of(each, voice)]
        )

    async def _of(self, prompt: Prompt | Sound, voice: Voice) -> Sequence[Sound]:
        """What is heard of `prompt`: one sound, or nothing."""
        if isinstance(prompt, Sound):
            self.note(PromptPlayed(prompt.uri, round(prompt.seconds, 2)))
            return [prompt]
        sound = await self._heard(self._resolved(prompt, voice), voice)
        return [] if sound is None else [sound]

    async def play_text(self, text: str, voice: Voice) -> str:
        """Begin to say `text` as it is, without looking for ``@names`` in it."""
        sound = await self._heard(Prompt(text=text), voice)
        return await self._start([] if sound is None else [sound])

    async def say(self, text: str, voice: Voice) -> None:
        """Say `text` as it is, to its end; keys pressed meanwhile are dropped."""
        await self.finish(await self.play_text(text, voice))

    async def _start(self, sounds: Sequence[Sound]) -> str:
        return await self.channel.play(sounds) if sounds else ""

    async def finish(self, playback_id: str) -> None:
        """Wait for the end of that playback; keys pressed meanwhile are dropped."""
        while playback_id:
            match await self.channel.next_event():
                case PlaybackEnded(ended, error) if ended == playback_id:
                    self.warn_of(error)
                    return
                case KeyPressed() | PlaybackEnded() | None:
                    continue

    def warn_of(self, error: str) -> None:
        """Note that a playback failed, if it did."""
        if error:
            self.note(Warned(f"a prompt was not heard: {error}"))

    async def prepare(self, prompts: Sequence[Prompt], voice: Voice) -> None:
        """Make the audio of `prompts` ahead of time; failures show when they are played."""
        for prompt in prompts:
            spoken, _missing = _substituted(prompt, voice)
            await self.prepare_exactly(spoken, voice)

    async def prepare_exactly(self, prompt: Prompt, voice: Voice) -> None:
        """The same for one prompt as it is, without looking for ``@names`` in it."""
        if prompt:
            with suppress(SpeechError):
                await self._make(prompt, voice)

    def resolved(self, text: str, voice: Voice) -> str:
        """`text` with its ``@names`` replaced; a name nobody supplied leaves a warning."""
        return self._resolved(Prompt(text=text), voice).text

    def _resolved(self, prompt: Prompt, voice: Voice) -> Prompt:
        spoken, missing = _substituted(prompt, voice)
        if missing:
            names = ", ".join(f"@{name}" for name in missing)
            self.note(Warned(f"nobody supplied {names}: read as nothing"))
        return spoken

    async def _heard(self, prompt: Prompt, voice: Voice) -> Sound | None:
        """The audio of `prompt`, noted as played; None: there is nothing to hear."""
        if not prompt:
            return None
        try:
            sound = await self._make(prompt, voice)
        except SpeechError as error:
            self.note(Warned(f"a prompt could not be made and is left out: {error}"))
            return None
        self.note(PromptPlayed(prompt.audio or prompt.text, round(sound.seconds, 2)))
        return sound

    async def _make(self, prompt: Prompt, voice: Voice) -> Sound:
        path = ""
        if prompt.audio:
            path = self.book.audio.get(prompt.audio, "")
            if not path:
                raise SpeechError(f"the audio library has no file {prompt.audio!r}")
        return await self.speech.sound(prompt, voice.language, voice.name, path)


def _substituted(prompt: Prompt, voice: Voice) -> tuple[Prompt, Sequence[str]]:
    if "@" not in prompt.text:
        return prompt, ()
    text, missing = substitute(prompt.text, voice.parameters)
    return Prompt(text=text.strip()), missing


class Preparations:
    """Background tasks that make prompts while the caller listens to others."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._tasks: set[asyncio.Task[None]] = set()
        self._started: set[Prompt] = set()

    def start(self, prompts: Sequence[Prompt], voice: Voice) -> None:
        """Make those of `prompts` that were not started before, in the background."""
        new = [prompt for prompt in prompts if prompt and prompt not in self._started]
        if new:
            self._started.update(new)
            self._run(self._talk.prepare(new, voice))

    def start_exactly(self, text: str, voice: Voice) -> None:
        """Make `text` as it is in the background."""
        self._run(self._talk.prepare_exactly(Prompt(text=text), voice))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up what is not made yet."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
