"""Speech that takes the time it says, and ears that read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ivrserver.blocks import Prompt
from ivrserver.errors import SpeechError
from ivrserver.flow.ports import Sound


class FakeSpeech:
    """Every text lasts a tenth of a second a word; texts in `broken` cannot be made."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.broken: set[str] = set()

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        text = prompt.text or audio_path
        self.made.append(text)
        if text in self.broken:
            raise SpeechError("no engine is left")
        return Sound(f"say:{text}", max(1, len(text.split())) / 10)


class FakeRecogniser:
    """Hears what `FakeRecording.wav` holds, if it is one of the words."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages or ("en-US",)
        self.seconds = 0.3
        self.heard: list[tuple[str, ...]] = []
        """The words that were asked for."""

    def hears(self, language: str) -> bool:
        return language in self.languages

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        self.heard.append(tuple(words))
        await asyncio.sleep(self.seconds)
        return wav.decode() if wav.decode() in words else ""
