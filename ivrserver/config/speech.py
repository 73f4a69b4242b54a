"""Settings of what speaks to callers, and of what understands a word of theirs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ivrserver.config.section import Folder, Seconds, Section


class SpeechSettings(Section):
    """How prompts are spoken and how the audio reaches Asterisk."""

    engines: tuple[str, ...] = ("flite", "espeak")
    """TTS engines in order of choice: `flite`, `espeak`, `gtts`."""
    cache: Folder | None = None
    """Folder of spoken prompts; unset: `prompts` in the data folder."""
    rate: Literal[8000, 16000] = 8000
    """Samples per second of prompts."""
    concurrency: int = Field(default=2, ge=1)
    """Prompts that are made at the same time."""
    engine_timeout: Seconds = 20.0
    """Seconds after which an engine has failed."""
    retry_after: Seconds = 60.0
    """Seconds for which an engine that failed is passed over."""
    delivery: Literal["folder", "http"] = "folder"
    """`folder`: Asterisk reads the cache folder; `http`: Asterisk fetches from `public_url`."""
    public_url: str = ""
    """Our HTTP server as Asterisk reaches it, such as `http://10.0.0.2:8080`."""


class ListeningSettings(Section):
    """How spoken words are recognised."""

    engines: tuple[str, ...] = ("pocketsphinx",)
    """Speech recognition engines in order of choice: `pocketsphinx`; empty: keys only."""
    timeout: Seconds = 4.0
    """Seconds after which an engine has failed."""
