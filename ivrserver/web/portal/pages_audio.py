"""The audio library: what there is, who uses it, and how more comes in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Block, Prompt
from ivrserver.blocks.places import MAX_PROMPT
from ivrserver.blocks.uses import users_of_audio
from ivrserver.errors import AudioInUse, AudioRefused, AudioUnknown, SpeechError
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.api.audio import Sound, Sounds
from ivrserver.web.portal.blocks.hear import Voices
from ivrserver.web.portal.forms import posted
from ivrserver.web.portal.render import Pages

_WITH_TENTHS = 10
"""Below, tenths are worth reading."""
_KILO = 1000


@dataclass(frozen=True, slots=True)
class ShownSound:
    """A file as the list has it.

    Attributes:
        size: for people.
        users: the blocks that name it.
    """

    sound: Sound
    size: str
    users: Sequence[Block]


@dataclass(frozen=True, slots=True)
class AudioPages:
    """What the pages need.

    Attributes:
        sounds: the library.
        accounts: who uses its files.
        voices: speaks texts.
        max_bytes: of one file.
        max_seconds: likewise.
    """

    pages: Pages
    guard: Guard
    sounds: Sounds
    accounts: AccountReader
    voices: Voices
    max_bytes: int
    max_seconds: float

    def routes(self) -> APIRouter:
        """The page ``/audio``. Files come and go by ``/api/v1/audio``."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.FLOWS_READ))
        writes = Depends(self.guard.page(Right.FLOWS_WRITE))

        @router.get("/audio")
        async def listed(
            request: Request,
            q: Annotated[str, Query(max_length=200)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            return await self._listed(request, visitor, q)

        @router.post("/audio/speak")
        async def spoken(request: Request, visitor: Visitor = writes) -> Response:
            """A text becomes a file, spoken by the server's own engines."""
            said = await posted(request)
            name = wav_name(said.get("name", ""))
            text = said.get("text", "").strip()[:MAX_PROMPT]
            if any(each.name == name for each in await self.sounds.sounds()):
                wrong = f"There is a file called {name}: choose another name, or remove that one."
                return await self._listed(request, visitor, said=said, wrong=wrong)
            try:
                wav = await self.voices.wav(
                    Prompt(text=text), said.get("language") or "en-US", said.get("voice", ""), ""
                )
                await self.sounds.upload(name, _whole(wav), by=visitor.author)
            except (SpeechError, AudioRefused) as error:
                return await self._listed(request, visitor, said=said, wrong=str(error))
            return self.pages.redirect(request, "/audio", f"{name} is saved.")

        @router.post("/audio/remove")
        async def removed(
            request: Request, name: Annotated[str, Form(max_length=200)], visitor: Visitor = writes
        ) -> Response:
            try:
                await self.sounds.remove(name, by=visitor.author)
            except AudioUnknown:
                return self.pages.redirect(request, "/audio", f"{name} is gone already.", "info")
            except AudioInUse as error:
                return self.pages.redirect(request, "/audio", f"Not removed: {error}.", "danger")
            return self.pages.redirect(request, "/audio", f"{name} is removed.")

        return router

    async def _listed(
        self,
        request: Request,
        visitor: Visitor,
        q: str = "",
        said: Mapping[str, str] = MappingProxyType({}),
        wrong: str = "",
    ) -> Response:
        """The list; `said`: the form of a text that was not saved, and what is wrong with it."""
        account, sounds = await self.accounts.export(), await self.sounds.sounds()
        shown = [each for each in shown_sounds(account, sounds) if _fits(each, q)]
        return self.pages.render(
            request, visitor, "audio/library.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            sounds=shown, total=len(sounds), q=q, names=[each.name for each in sounds],
            max_bytes=self.max_bytes, max_size=size_text(self.max_bytes),
            max_seconds=self.max_seconds, said=said, wrong=wrong,
        )  # fmt: skip


def wav_name(typed: str) -> str:
    """The name of a spoken file: it is a WAV file."""
    name = typed.strip()
    return name if name.lower().endswith(".wav") else f"{name}.wav"


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def shown_sounds(account: Account, sounds: Sequence[Sound]) -> Iterator[ShownSound]:
    """The files in the order of their names, each with who uses it."""
    for sound in sorted(sounds, key=lambda each: each.name.casefold()):
        yield ShownSound(sound, size_text(sound.size), users_of_audio(account, sound.name))


def size_text(size: int) -> str:
    """Such as ``1.4 MB``; `size` is in bytes."""
    if size < _KILO:
        return f"{size} bytes"
    amount, unit = size / _KILO, "kB"
    if amount >= _KILO:
        amount, unit = amount / _KILO, "MB"
    return f"{amount:.1f} {unit}" if amount < _WITH_TENTHS else f"{amount:.0f} {unit}"


def _fits(each: ShownSound, wanted: str) -> bool:
    about = " ".join([each.sound.name, *(block.name for block in each.users)])
    return wanted.casefold() in about.casefold()
