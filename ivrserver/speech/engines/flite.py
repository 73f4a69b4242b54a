"""Flite: English, small and quick. https://github.com/festvox/flite."""

from __future__ import annotations

import os
import re
from typing import Final

from ivrserver.config import Settings
from ivrserver.errors import SpeechError
from ivrserver.speech.engine import EngineInfo, Unspeakable
from ivrserver.speech.engines.command import Command
from ivrserver.speech.text import in_ascii

# Voices that are part of the program. Any other name it would take for a file or URL to load.
_VOICES: Final = frozenset({"slt", "rms", "awb", "kal16", "kal"})
_DEFAULT_VOICE: Final = "slt"


class Flite:
    """Speaks English with the voices slt (default), rms, awb, kal16 and kal."""

    def __init__(self, settings: Settings) -> None:
        self._command = Command("flite", settings.packages)

    async def info(self) -> EngineInfo:
        """Look for the program and ask its version."""
        answer = await self._command.question("--version")
        version = re.search(r"version:\s*(.+?)\s*(?:\(|$)", answer, re.MULTILINE)
        return EngineInfo(version[1] if version else answer.strip(), frozenset({"en"}))

    async def speak(self, text: str, language: str, voice: str) -> bytes:
        """Speak; the text goes in by standard input, so nothing in it is taken for an option."""
        del language
        readable = in_ascii(text)
        if not readable:
            raise Unspeakable("flite reads English letters only")
        # It seeks in the file that it writes: a pipe would hang it. Memory is no file to clean up.
        file = os.memfd_create("flite")
        try:
            path = f"/proc/self/fd/{file}"
            name = voice if voice in _VOICES else _DEFAULT_VOICE
            end = await self._command.run(
                ["-voice", name, "-f", "-", "-o", path], readable, files=[file]
            )
            if end.status != 0:
                raise SpeechError(f"flite ended with status {end.status}")
            return os.pread(file, os.fstat(file).st_size, 0)
        finally:
            os.close(file)

    async def close(self) -> None:
        """Nothing is kept open."""
