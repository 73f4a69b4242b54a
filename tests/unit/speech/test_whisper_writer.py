"""faster-whisper in its process; a module without a model stands in for the library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrserver.config import Settings
from ivrserver.errors import SpeechError, Unwritable
from ivrserver.speech.listening.whisper import WhisperWriter
from tests.unit.speech.stand_ins import sound_file

STAND_IN = Path(__file__).with_name("whisper_stand_in")
WAV = sound_file(np.zeros(12_000, dtype=np.float32), 8000)

NewWriter = Callable[..., WhisperWriter]


@pytest.fixture
async def new_writer(tmp_path: Path) -> AsyncIterator[NewWriter]:
    async with AsyncExitStack() as stack:

        def make(**given: Any) -> WhisperWriter:
            settings = Settings.model_validate({"data": tmp_path, "transcription": given})
            writer = WhisperWriter(settings)
            stack.push_async_callback(writer.close)
            return writer

        yield make


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))


@pytest.mark.usefixtures("stand_in")
async def test_it_writes_down_with_the_model_and_language_that_it_was_told(
    new_writer: NewWriter,
) -> None:
    writer = new_writer(whisper_model="small", whisper_device="cpu", whisper_precision="float32")
    info = await writer.info()
    assert (info.version, info.languages) == ("1.1.0", frozenset())
    assert await writer.write(WAV, "de-AT") == "small cpu float32 de 1.5 s"
    with pytest.raises(SpeechError, match="faster-whisper failed: SpeechError"):
        await writer.write(b"no sound", "en")
    assert await writer.write(WAV, "en-US") == "small cpu float32 en 1.5 s"


@pytest.mark.usefixtures("stand_in")
async def test_a_language_that_the_model_does_not_know_is_not_tried_again(
    new_writer: NewWriter,
) -> None:
    writer = new_writer()
    with pytest.raises(Unwritable, match="it does not know the language tlh-US"):
        await writer.write(WAV, "tlh-US")
    assert await writer.write(WAV, "de-DE") == "base auto int8 de 1.5 s"


@pytest.mark.usefixtures("stand_in")
async def test_a_model_that_must_be_there_and_is_not_is_named(
    new_writer: NewWriter, tmp_path: Path
) -> None:
    writer = new_writer(whisper_download=False)
    with pytest.raises(SpeechError) as caught:
        await writer.info()
    assert str(caught.value).startswith(
        "faster-whisper does not start: the model base cannot be loaded (FileNotFoundError); see"
    )
    assert "address" not in str(caught.value)
    (tmp_path / "models" / "base").mkdir(parents=True)
    assert await writer.write(WAV, "en") == "base auto int8 en 1.5 s"


async def test_what_is_not_installed_is_said_to_be(
    new_writer: NewWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrserver.speech.listening.process.find_spec", lambda _: None)
    with pytest.raises(SpeechError, match=r"not installed: pip install 'ivrserver\[whisper\]'"):
        await new_writer().info()
