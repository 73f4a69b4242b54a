"""eSpeak NG: more than a hundred languages. https://github.com/espeak-ng/espeak-ng."""

from __future__ import annotations

import re
from typing import Final

from ivrserver.config import Settings
from ivrserver.errors import SpeechError
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.engines.command import Command
from ivrserver.speech.languages import best

# A row of `espeak-ng --voices`: priority, language, age/gender, name, file, other languages.
_ROW: Final = re.compile(r"^\s*(\d+)\s+(\S+)\s+\S+\s+\S+\s+\S+[ \t]*(.*)$", re.MULTILINE)
_OTHER: Final = re.compile(r"\((\S+) (\d+)\)")

# A language of its own and a variant such as f3 (female), m7 or croak, or one of the two.
_VOICE: Final = re.compile(r"(?P<base>[A-Za-z0-9-]*)(?P<variant>\+[A-Za-z0-9]+)?", re.ASCII)


class Espeak:
    """Speaks the languages of espeak-ng.

    A voice is one of its language names (``en-gb-scotland``), a variant (``+f3``), or both
    (``en-gb-scotland+f3``).
    """

    def __init__(self, settings: Settings) -> None:
        self._command = Command("espeak-ng", settings.packages)
        self._voices: dict[str, str] = {}

    async def info(self) -> EngineInfo:
        """Look for the program; ask its version and languages."""
        answer = await self._command.question("--version")
        version = re.search(r"\d+(?:\.\d+)+", answer)
        self._voices = voices(await self._command.question("--voices"))
        languages = frozenset(self._voices)
        return EngineInfo(version[0] if version else answer.strip(), languages)

    async def speak(self, text: str, language: str, voice: str) -> bytes:
        """Speak; the text goes in by standard input, so nothing in it is taken for an option.

        Markup is off unless asked for; double brackets would mean phonemes, so they are parted.
        """
        readable = text.replace("[[", "[ [")
        arguments = ["--stdin", "--stdout", "-b", "1", "-v", self._voice(language, voice)]
        end = await self._command.run(arguments, readable)
        if end.status != 0 or not end.output:
            raise SpeechError(f"espeak-ng ended with status {end.status} and no audio")
        return end.output

    async def close(self) -> None:
        """Nothing is kept open."""

    def _voice(self, language: str, voice: str) -> str:
        """The value of ``-v``: only names that the program itself listed, and a variant."""
        wanted = _VOICE.fullmatch(voice)
        base = self._voices.get(wanted["base"].lower()) if wanted else None
        if base is None:
            tag = best(language, frozenset(self._voices)) or best("en", frozenset(self._voices))
            base = self._voices[tag] if tag else "en"
        return base + ((wanted["variant"] if wanted else None) or "")


def voices(table: str) -> dict[str, str]:
    """Read what ``espeak-ng --voices`` prints: tag in lower case → the program's own name.

    A voice also serves the tags in parentheses, where no other does better (smaller number).
    """
    own: dict[str, str] = {}
    others: dict[str, tuple[int, str]] = {}
    for _, language, rest in _ROW.findall(table):
        own.setdefault(language.lower(), language)
        for tag, priority in _OTHER.findall(rest):
            offer = (int(priority), language)
            others[tag.lower()] = min(others.get(tag.lower(), offer), offer)
    return {tag: language for tag, (_, language) in others.items()} | own
