"""faster-whisper (extra ``whisper``): many languages, offline, once a model is there.

https://github.com/SYSTRAN/faster-whisper. `WhisperWriter` is the engine; `Whisper` is what its
process does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

from ivrserver.config import Settings
from ivrserver.errors import SpeechError, Unwritable
from ivrserver.speech.audio import decoded
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.languages import main_language
from ivrserver.speech.listening.process import ModelProcess

RATE: Final = 16_000
"""Samples per second that the model wants."""


class WhisperWriter:
    """Writes down any language that Whisper knows."""

    def __init__(self, settings: Settings) -> None:
        known = settings.transcription
        self.model = ModelProcess(
            "faster-whisper",
            "faster_whisper",
            "pip install 'ivrserver[whisper]'",
            "whisper",
            known.whisper_model,
            str(settings.model_folder),
            known.whisper_device,
            known.whisper_precision,
            "download" if known.whisper_download else "local",
        )

    async def info(self) -> EngineInfo:
        """Start the process; its model is loaded, and fetched if need be, when this returns."""
        return EngineInfo(await self.model.start(), frozenset())

    async def write(self, wav: bytes, language: str) -> str:
        """See `Writer.write`."""
        answer = await self.model.ask({"language": main_language(language)}, wav)
        if answer["text"] is None:
            raise Unwritable(f"it does not know the language {language}")
        return str(answer["text"])

    async def close(self) -> None:
        """End the process."""
        await self.model.close()


@dataclass(frozen=True, slots=True)
class Whisper:
    """A loaded model.

    Attributes:
        model: a `faster_whisper.WhisperModel`.
    """

    version: str
    model: Any

    @classmethod
    def load(cls, name: str, folder: str, device: str, precision: str, source: str) -> Self:
        """Load a model; see `WhisperWriter` for what is given.

        Raises:
            SpeechError: it cannot be loaded.
        """
        import faster_whisper  # noqa: PLC0415 - only its own process loads it

        try:
            model = faster_whisper.WhisperModel(
                name,
                device=device,
                compute_type=precision,
                download_root=folder,
                local_files_only=source == "local",
            )
        except Exception as error:
            # The library raises what the libraries below it do.
            message = (
                f"the model {name} cannot be loaded ({type(error).__name__}); see"
                " transcription.whisper_model, whisper_folder, whisper_device, whisper_precision"
            )
            raise SpeechError(message) from error
        return cls(str(faster_whisper.__version__), model)

    def text_of(self, wav: bytes, language: str) -> str | None:
        """What was said; empty: nothing that could be made out; None: it does not know `language`.

        Args:
            wav: a sound file.
            language: ISO 639-1 code.

        Raises:
            SpeechError: it is not a sound file.
        """
        # A model for English alone would take any language for English.
        if language not in self.model.supported_languages:
            return None
        # Without speech, and about what was said before, Whisper makes things up.
        segments, _ = self.model.transcribe(
            decoded(wav, RATE),
            language=language,
            vad_filter=True,
            condition_on_previous_text=False,
        )
        return " ".join(filter(None, (segment.text.strip() for segment in segments)))
