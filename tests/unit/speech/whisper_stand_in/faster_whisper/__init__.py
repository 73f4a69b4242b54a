"""What of faster-whisper is used, without a model: it says what it was given.

The names and defaults of arguments are those of faster-whisper 1.1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__version__ = "1.1.0"


@dataclass
class Segment:
    """A stretch of speech."""

    text: str


class WhisperModel:
    """Hears the length of a sound."""

    def __init__(
        self,
        model_size_or_path: str,
        device: str = "auto",
        compute_type: str = "default",
        download_root: str | None = None,
        local_files_only: bool = False,
    ) -> None:
        if local_files_only and not Path(str(download_root), model_size_or_path).exists():
            raise FileNotFoundError("an address of the model")
        print("what libraries print disturbs nobody")
        os.write(1, b"neither does this")
        self.told = f"{model_size_or_path} {device} {compute_type}"

    @property
    def supported_languages(self) -> list[str]:
        """Those of a model for two."""
        return ["en", "de"]

    def transcribe(
        self,
        audio: np.ndarray,
        language: str | None = None,
        *,
        vad_filter: bool = False,
        condition_on_previous_text: bool = True,
    ) -> tuple[Iterator[Segment], object]:
        """Two segments; `audio` is mono at 16 kHz."""
        assert audio.dtype == np.float32
        assert vad_filter
        assert not condition_on_previous_text
        seconds = len(audio) / 16_000
        texts = [f" {self.told}", "", f" {language} {seconds:.1f} s"]
        return (Segment(text) for text in texts), None
