"""Google Translate's speech, through the gTTS library (extra ``gtts``). Needs the internet.

The library prepares the requests; they are sent from here, because it would send them blocking,
without checking the server's certificate, and to no other host.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import importlib
import logging
import re
from http import HTTPStatus
from types import ModuleType
from typing import Final

import aiohttp

from ivrserver.config import Settings
from ivrserver.errors import SpeechError
from ivrserver.speech.audio import joined
from ivrserver.speech.engine import EngineInfo, Unspeakable
from ivrserver.speech.languages import best

SERVER: Final = "https://translate.google.com"
_PATH: Final = "/_/TranslateWebserverUi/data/batchexecute"
_CONNECT: Final = 3.0
_MOST_BYTES: Final = 4 * 1024 * 1024
_REPLY: Final = re.compile(rb'jQ1olc","\[\\"([A-Za-z0-9+/=]+)\\"')


class Gtts:
    """Speaks many languages online. It has one voice for each.

    Args:
        settings: not used.
        server: where the requests go; another one for tests or a relay.
    """

    def __init__(self, settings: Settings, server: str = SERVER) -> None:
        del settings
        self._url = server + _PATH
        self._session: aiohttp.ClientSession | None = None
        self._languages: dict[str, str] = {}

    async def info(self) -> EngineInfo:
        """Look for the library; the network is not asked."""
        gtts = await self._library()
        languages = (await asyncio.to_thread(importlib.import_module, "gtts.lang")).tts_langs()
        self._languages = {tag.lower(): tag for tag in languages}
        return EngineInfo(str(gtts.__version__), frozenset(self._languages))

    async def speak(self, text: str, language: str, voice: str) -> bytes:
        """Speak; long texts take one request for each hundred characters."""
        del voice
        gtts = await self._library()
        tag = best(language, frozenset(self._languages)) or "en"
        spoken = gtts.gTTS(text, lang=self._languages.get(tag, tag), lang_check=False)
        try:
            bodies: list[str] = spoken.get_bodies()
        except AssertionError as error:
            raise Unspeakable("gtts finds nothing to say in the text") from error
        parts = [await self._ask(body, spoken.GOOGLE_TTS_HEADERS) for body in bodies]
        return parts[0] if len(parts) == 1 else await asyncio.to_thread(joined, parts)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _library(self) -> ModuleType:
        """The library, imported in a thread because it takes a fifth of a second."""
        try:
            module = await asyncio.to_thread(importlib.import_module, "gtts")
        except ImportError as error:
            message = "gtts is not installed: pip install 'ivrserver[gtts]'"
            raise SpeechError(message) from error
        # At debug level it logs whole texts.
        logging.getLogger("gtts").setLevel(logging.WARNING)
        return module

    async def _ask(self, body: str, headers: dict[str, str]) -> bytes:
        """One request: the MP3 of one part of the text."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)
        try:
            async with self._session.post(self._url, data=body, headers=headers) as reply:
                if reply.status != HTTPStatus.OK:
                    raise SpeechError(f"the server answered {reply.status}")
                content = await _read(reply)
        except (aiohttp.ClientError, OSError) as error:
            message = f"no connection to {self._url.split('/')[2]}; it needs the internet"
            raise SpeechError(message) from error
        found = _REPLY.search(content)
        if found is None:
            raise SpeechError("the server sent no audio")
        try:
            return base64.b64decode(found[1])
        except binascii.Error as error:
            raise SpeechError("the server sent broken audio") from error


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    """The whole body, unless it is much longer than any part of a text could be."""
    content = bytearray()
    async for chunk in reply.content.iter_any():
        content += chunk
        if len(content) > _MOST_BYTES:
            raise SpeechError("the server sent more than a part of a text can be")
    return bytes(content)
