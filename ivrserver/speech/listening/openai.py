"""Any server that speaks OpenAI's HTTP API: ``POST …/audio/transcriptions``.

https://platform.openai.com/docs/api-reference/audio/createTranscription. It may be OpenAI itself,
or a model on a machine nearby. Who runs the server chooses it, so no address is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from ivrserver.config import Settings
from ivrserver.errors import SpeechError, Unwritable
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.languages import main_language

_PATH: Final = "/audio/transcriptions"
_CONNECT: Final = 5.0
_MOST_BYTES: Final = 2**20
_OWN: Final = "api.openai.com"

_ADVICE: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "see transcription.openai_key",
    HTTPStatus.FORBIDDEN: "see transcription.openai_key",
    HTTPStatus.NOT_FOUND: "see transcription.openai_url and transcription.openai_model",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the recording is too large for it",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "it takes no WAV files",
    HTTPStatus.TOO_MANY_REQUESTS: "it has been asked too much",
}
_FINAL: Final = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
"""With another recording it would not answer so."""


class OpenAiWriter:
    """Has a server write down what was said. Which languages it knows is its business."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.transcription
        self._url = self._settings.openai_url + _PATH
        self._session: aiohttp.ClientSession | None = None

    async def info(self) -> EngineInfo:
        """Look whether the settings can work; the server is not asked."""
        if not self._key and urlsplit(self._url).hostname == _OWN:
            raise SpeechError("OpenAI wants a key: set transcription.openai_key")
        return EngineInfo(self._settings.openai_model, frozenset())

    async def write(self, wav: bytes, language: str) -> str:
        """See `Writer.write`."""
        form = aiohttp.FormData()
        form.add_field("file", wav, filename="answer.wav", content_type="audio/wav")
        form.add_field("model", self._settings.openai_model)
        form.add_field("language", main_language(language))
        form.add_field("response_format", "json")
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        try:
            async with self._open().post(
                self._url, data=form, headers=headers, allow_redirects=False
            ) as reply:
                _check(reply.status)
                return _text_of(await _read(reply))
        except aiohttp.ClientError as error:
            why = _explained(error)
            raise SpeechError(f"no answer from {urlsplit(self._url).netloc}: {why}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def _key(self) -> str:
        return self._settings.openai_key.get_secret_value()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # How long it may take in all is limited around every engine.
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT)
            self._session = aiohttp.ClientSession(
                timeout=timeout, trust_env=True, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _check(status: int) -> None:
    """Refuse what is no success; what the server says about it is not repeated, it may quote."""
    if status == HTTPStatus.OK:
        return
    advice = _ADVICE.get(status, "")
    message = f"the server answered {status}{': ' if advice else ''}{advice}"
    raise Unwritable(message) if status in _FINAL else SpeechError(message)


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    """The whole body, unless it is longer than any text could be."""
    content = bytearray()
    async for chunk in reply.content.iter_any():
        content += chunk
        if len(content) > _MOST_BYTES:
            raise SpeechError(f"the server's answer is larger than {_MOST_BYTES:,} bytes")
    return bytes(content)


def _text_of(body: bytes) -> str:
    try:
        text = orjson.loads(body)["text"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = None
    if not isinstance(text, str):
        raise SpeechError("the server's answer is no transcription: see transcription.openai_url")
    return text


def _explained(error: aiohttp.ClientError) -> str:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return f"no connection within {_CONNECT:g} s"
        case aiohttp.ClientConnectorError():
            return "it cannot be connected to"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            return "it closed the connection"
        case _:
            return type(error).__name__
