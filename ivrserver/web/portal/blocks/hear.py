"""A prompt as callers will hear it, spoken by the server's own engines."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Depends, Form, HTTPException, Response

from ivrserver.access import Right, Visitor
from ivrserver.actions.substitution import substitute
from ivrserver.blocks import Prompt
from ivrserver.blocks.places import MAX_PROMPT
from ivrserver.errors import SpeechError
from ivrserver.web.access import Guard

Files = Callable[[], Awaitable[Mapping[str, Path]]]
"""Gives where each file of the audio library is, by its name."""

_MOST: Final = 60
_WITHIN: Final = 60.0
_WHO_AT_MOST: Final = 1000


class Voices(Protocol):
    """What speaks (`speech.Speaker`)."""

    async def wav(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> bytes:
        """A prompt as a WAV file. Raises `SpeechError`."""
        ...


class Often:
    """Counts how often somebody has asked within a minute.

    Args:
        now: a clock that only goes forward; seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, name: str) -> bool:
        """Count once; False: that was too often."""
        now = self._now()
        asked = self._asked.setdefault(name, deque(maxlen=_MOST))
        self._asked.move_to_end(name)
        if len(self._asked) > _WHO_AT_MOST:
            self._asked.popitem(last=False)
        if len(asked) == _MOST and now - asked[0] < _WITHIN:
            return False
        asked.append(now)
        return True


def hear_routes(guard: Guard, voices: Voices, files: Files) -> APIRouter:
    """The route ``/hear``.

    Args:
        guard: lets in who may see flows.
        voices: speaks.
        files: the audio library's.
    """
    router, often = APIRouter(include_in_schema=False), Often()
    reads = Depends(guard.page(Right.FLOWS_READ))

    @router.post("/hear")
    async def hear(
        text: Annotated[str, Form(max_length=MAX_PROMPT)] = "",
        audio: Annotated[str, Form(max_length=200)] = "",
        language: Annotated[str, Form(max_length=40)] = "",
        voice: Annotated[str, Form(max_length=200)] = "",
        visitor: Visitor = reads,
    ) -> Response:
        """A WAV file of a text, or of a file of the audio library."""
        if not often.count(visitor.name):
            text = f"you have listened to {_MOST} prompts within a minute; wait a little"
            raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, text)
        if not text.strip() and not audio:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "there is no text to speak yet")
        path = (await files()).get(audio) if audio else None
        prompt = Prompt(audio=audio) if audio else Prompt(text=with_names(text))
        try:
            wav = await voices.wav(prompt, language or "en-US", voice, str(path or ""))
        except SpeechError as error:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        return Response(wav, media_type="audio/wav")

    return router


def with_names(text: str) -> str:
    """`text` with each ``@first_name`` as the words *first name*: what it will be is not known."""
    _, missing = substitute(text, {})
    return substitute(text, {name: name.replace("_", " ") for name in missing})[0]
