"""`Speech` itself: the cache first, then each engine in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import structlog

from ivrserver.blocks import Prompt
from ivrserver.errors import SpeechError
from ivrserver.flow.ports import Sound
from ivrserver.speech import audio
from ivrserver.speech.audio import PROCESSING, Pcm
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.flights import Flights
from ivrserver.speech.guard import Guarded
from ivrserver.speech.languages import best
from ivrserver.speech.library import LibraryFiles
from ivrserver.speech.store import Store, key_in, key_of
from ivrserver.speech.text import MAX_CHARACTERS, clean
from ivrserver.speech.watching import UNWATCHED, PromptWatcher

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class Speaker:
    """Turns prompts into audio (`ivrserver.flow.ports.Speech`).

    Args:
        engines: in the order they are asked, at least one.
        store: where prompts are kept; its rate is that of every prompt.
        files: the audio library's, at the same rate.
        uri_of: the ARI media URI of a prompt's key.
        watcher: told where prompts come from.
    """

    def __init__(
        self,
        engines: Sequence[Guarded],
        store: Store,
        files: LibraryFiles,
        uri_of: Callable[[str], str],
        watcher: PromptWatcher = UNWATCHED,
    ) -> None:
        self._engines = tuple(engines)
        self._store = store
        self._rate = store.rate
        self._uri_of = uri_of
        self._watcher = watcher
        self._files = files
        self._flights = Flights[Sound]()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speech")
        self._warned: set[tuple[str, str]] = set()

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        """The audio of `prompt`, made or from the cache.

        Two callers who want the same at once share the work; cancelling one does not disturb the
        other. An empty text is a tenth of a second of silence.

        Args:
            prompt: with every ``@name`` replaced already.
            language: BCP 47 tag.
            voice: engine-specific name; empty or unknown: the engine's default.
            audio_path: the library file when ``prompt.audio`` is set, else empty.

        Raises:
            SpeechError: nothing could make it; the text says why, for each engine.
        """
        if prompt.audio:
            return await self._from_library(prompt.audio, audio_path)
        text = clean(prompt.text)
        if remembered := self._remembered(text, language, voice):
            self._watcher.found("memory")
            return remembered
        wanted = (text, language, voice)
        return await self._flights.join(wanted, lambda: self._from_text(text, language, voice))

    async def wav(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> bytes:
        """The same as a WAV file, 16 bit, mono: for people who listen elsewhere than on a call.

        Raises:
            SpeechError: as `sound`, or what was made is gone.
        """
        sound = await self.sound(prompt, language, voice, audio_path)
        try:
            return await self._in_worker(self._store.path_of(key_in(sound.uri)).read_bytes)
        except OSError as error:
            raise SpeechError(f"the prompt that was made is gone: {error.strerror}") from error

    async def warm_up(self) -> dict[str, str]:
        """Try every engine, all at once, so that no call is the first to meet one that is down.

        Returns:
            What is wrong with each engine, by name; an empty text: nothing.
        """
        await asyncio.gather(*(engine.trial() for engine in self._engines), return_exceptions=True)
        return self.problems

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with each engine, by name; an empty text: nothing that is known."""
        return {engine.name: engine.problem for engine in self._engines}

    async def close(self) -> None:
        """End all work and let go of everything."""
        await self._flights.close()
        for engine in self._engines:
            await engine.close()
        await asyncio.get_running_loop().run_in_executor(None, self._worker.shutdown)

    def _remembered(self, text: str, language: str, voice: str) -> Sound | None:
        """The hot path: what the first engine that is well has spoken before, or one before it."""
        for engine in self._engines:
            info = engine.known
            if info is not None and best(language, info.languages):
                sound = self._recalled(self._key(engine.name, info, language, voice, text))
                if sound is not None:
                    return sound
                if not engine.left_alone():
                    return None
            elif info is None and not engine.left_alone():
                return None
        return None

    async def _from_text(self, text: str, language: str, voice: str) -> Sound:
        """Ask the engines that know the language; when none can, the others."""
        if not text:
            return await self._kept_or_made(key_of("silence", self._rate), self._silence)
        if len(text) > MAX_CHARACTERS:
            raise SpeechError(f"the text is longer than {MAX_CHARACTERS} characters")
        problems: dict[str, str] = {}
        for foreign in (False, True):
            for engine in self._engines:
                if engine.name in problems:
                    continue
                try:
                    info = await engine.info()
                    if foreign is (best(language, info.languages) is None):
                        return await self._from_engine(engine, info, text, language, voice)
                except SpeechError as error:
                    problems[engine.name] = str(error)
        reasons = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise SpeechError(f"no engine could speak the text ({reasons})")

    async def _from_engine(
        self, engine: Guarded, info: EngineInfo, text: str, language: str, voice: str
    ) -> Sound:
        async def make() -> Pcm:
            if best(language, info.languages) is None:
                self._warn_once(engine.name, language)
            file = await engine.speak(text, language, voice)
            return await self._in_worker(audio.spoken, file, self._rate)

        return await self._kept_or_made(self._key(engine.name, info, language, voice, text), make)

    async def _from_library(self, name: str, path: str) -> Sound:
        if not path:
            raise SpeechError(f"the audio library has no file named {name}")
        key = self._files.recall(Path(path))
        if key is not None and (sound := self._recalled(key)):
            self._watcher.found("memory")
            return sound
        return await self._flights.join(Path(path), lambda: self._from_file(name, Path(path)))

    async def _from_file(self, name: str, path: Path) -> Sound:
        async def make() -> Pcm:
            return await self._in_worker(audio.recorded, data, self._rate)

        try:
            data, key = await self._in_worker(self._files.read, path)
            return await self._kept_or_made(key, make)
        except SpeechError as error:
            raise SpeechError(f"audio library, {name} ({path.name}): {error}") from error

    async def _silence(self) -> Pcm:
        return audio.silence(self._rate)

    async def _kept_or_made(self, key: str, make: Callable[[], Awaitable[Pcm]]) -> Sound:
        """Take the prompt from memory, else from the folder, else make it and keep it."""
        if sound := self._recalled(key):
            self._watcher.found("memory")
            return sound
        seconds = await self._in_worker(self._store.load, key)
        self._watcher.found("made" if seconds is None else "folder")
        if seconds is None:
            seconds = await self._in_worker(self._store.save, key, await make())
        self._store.remember(key, seconds)
        return Sound(self._uri_of(key), seconds)

    def _recalled(self, key: str) -> Sound | None:
        seconds = self._store.recall(key)
        return None if seconds is None else Sound(self._uri_of(key), seconds)

    def _key(self, name: str, info: EngineInfo, language: str, voice: str, text: str) -> str:
        return key_of(name, info.version, language.lower(), voice, self._rate, PROCESSING, text)

    async def _in_worker(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work in the one thread that is there for it, so that calls do not wait."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, partial(work, *args, **kwargs))

    def _warn_once(self, engine: str, language: str) -> None:
        if (engine, language) not in self._warned:
            self._warned.add((engine, language))
            log.warning("no speech engine knows the language", language=language, speaks=engine)
