"""How recorded answers and messages are written down."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from ivrserver.config.section import Folder, Line, Seconds, SecretLine, Section


def _base(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        message = "write what the server's addresses begin with, such as http://127.0.0.1:8000/v1"
        raise ValueError(message)
    if parts.username is not None or parts.password is not None:
        message = "a key belongs into transcription.openai_key"
        raise ValueError(message)
    return url.rstrip("/")


class TranscriptionSettings(Section):
    """How recorded answers and messages with `transcribe` are written down, after the call."""

    engines: tuple[str, ...] = ("pocketsphinx",)
    """Engines in order of choice: `pocketsphinx`, `openai`, `faster-whisper`; empty: none."""
    at_once: int = Field(default=1, ge=1, le=64)
    """Recordings that one controller writes down at the same time."""
    timeout: Seconds = 600.0
    """Seconds after which an engine has failed with a recording, its start included."""
    max_bytes: int = Field(default=25_000_000, ge=1000)
    """Size of the longest recording that is written down: 25 MB are 26 minutes."""
    openai_url: Annotated[Line, AfterValidator(_base)] = "https://api.openai.com/v1"
    """What the addresses of a server begin with that speaks OpenAI's API, such as
    `http://127.0.0.1:8000/v1`."""
    openai_key: SecretLine = SecretStr("")
    """Key that this server wants; empty: it wants none."""
    openai_model: Line = "whisper-1"
    """Model that this server is asked for."""
    whisper_model: Line = "base"
    """Size of faster-whisper's model (`tiny`, `base`, `small`, `medium`, `large-v3`), or the folder
    that one is in."""
    whisper_folder: Folder | None = None
    """Where such models are kept; unset: `models` in the data folder."""
    whisper_download: bool = True
    """Fetch a model that is not there when it is first needed; false: never use the internet."""
    whisper_device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the model computes."""
    whisper_precision: Line = "int8"
    """How it computes, such as `int8`, `float16` (for `cuda`) or `float32`."""
