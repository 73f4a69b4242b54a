"""What `WhisperWriter` makes of faster-whisper itself.

``python -m tests.whisper.judge MULTILINGUAL ENGLISH``, each the folder of a model.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from ivrserver import programs
from ivrserver.blocks import Prompt
from ivrserver.config import Settings
from ivrserver.errors import SpeechError, Unwritable
from ivrserver.speech import build
from ivrserver.speech.listening.whisper import WhisperWriter

SAID = "Good morning, I would like to order two cups of tea and some milk please."


def settings(folder: Path, model: str, precision: str) -> Settings:
    """Of an engine that must find its model on the disk."""
    given = {"whisper_model": model, "whisper_precision": precision, "whisper_download": False}
    return Settings.model_validate({"data": folder, "transcription": given})


@asynccontextmanager
async def writer(folder: Path, model: str, precision: str = "int8") -> AsyncIterator[WhisperWriter]:
    made = WhisperWriter(settings(folder, model, precision))
    try:
        yield made
    finally:
        await made.close()


async def speech(folder: Path) -> bytes:
    """A WAV file in which somebody speaks: what is no speech never reaches the model."""
    given = settings(folder, "", "int8")
    if programs.find("flite", given.packages) is None:
        await asyncio.to_thread(programs.fetch, ["flite"], given.packages, print)
    speaker = build(given)
    try:
        sound = await speaker.sound(Prompt(text=SAID), "en-US", "", "")
    finally:
        await speaker.close()
    file = Path(f"{sound.uri.removeprefix('sound:')}.wav")
    return await asyncio.to_thread(file.read_bytes)


def silence() -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(16_000), 8000, format="WAV", subtype="PCM_16")
    return file.getvalue()


async def failure(work: WhisperWriter, wav: bytes, language: str) -> SpeechError:
    """How it fails to write down `wav`."""
    try:
        text = await work.write(wav, language)
    except SpeechError as error:
        return error
    raise AssertionError(f"it wrote down {text!r}")


async def judge(folder: Path, multilingual: str, english: str) -> None:
    wav = await speech(folder)
    for precision in ("int8", "float32"):
        async with writer(folder, multilingual, precision) as many:
            assert (await many.info()).version == version("faster-whisper")
            for language in ("en-US", "de-AT"):
                text = await many.write(wav, language)
                assert text, f"{precision}: nothing was written down in {language}"
                print(f"{precision} {language}: {text[:60]}")
            assert await many.write(silence(), "en-US") == "", "silence was written down"
            unknown = await failure(many, wav, "tlh")
            assert isinstance(unknown, Unwritable), unknown
            broken = await failure(many, b"no sound", "en-US")
            assert not isinstance(broken, Unwritable), broken
            assert await many.write(wav, "en-US"), "it goes on after what is no sound"
    async with writer(folder, english) as one:
        assert await one.write(wav, "en-GB")
        other = await failure(one, wav, "de-DE")
        assert isinstance(other, Unwritable), other
    async with writer(folder, "tiny") as absent:
        missing = await failure(absent, wav, "en-US")
        assert "the model tiny cannot be loaded" in str(missing), missing
    print("faster-whisper does what the stand-in says")


if __name__ == "__main__":
    with TemporaryDirectory() as data:
        asyncio.run(judge(Path(data), *sys.argv[1:]))
