"""A server that speaks OpenAI's API, as far as transcriptions go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from ivrserver.config import Settings, TranscriptionSettings, load
from ivrserver.errors import SpeechError, Unwritable
from ivrserver.speech.listening.openai import OpenAiWriter

WAV = b"RIFF and so on"


@dataclass
class Server:
    """Answers as the test says.

    Attributes:
        asked: the fields of each request's form, and its authorization.
    """

    url: str = ""
    status: int = 200
    body: bytes = b'{"text": "I would like more tea."}'
    drops: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        fields: dict[str, Any] = {"authorization": request.headers.get("Authorization", "")}
        async for part in await request.multipart():
            fields[str(getattr(part, "name", ""))] = bytes(await part.read())  # type: ignore[union-attr]
            if getattr(part, "filename", None):
                fields["filename"] = part.filename  # type: ignore[union-attr]
        self.asked.append(fields)
        self.reached.set()
        await self.answers.wait()
        if self.drops:
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=self.status, body=self.body, content_type="application/json")


@asynccontextmanager
async def served(**changes: Any) -> AsyncIterator[tuple[Server, OpenAiWriter]]:
    server = Server()
    server.answers.set()
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", server.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    given = {"openai_url": f"{server.url}/", "openai_key": "sk-secret"} | changes
    writer = OpenAiWriter(Settings.model_validate({"transcription": given}))
    try:
        yield server, writer
    finally:
        await writer.close()
        await runner.cleanup()


async def test_the_recording_is_posted_with_model_language_and_key() -> None:
    async with served(openai_model="whisper-large") as (server, writer):
        assert (await writer.info()).languages == frozenset()
        assert await writer.write(WAV, "de-AT") == "I would like more tea."
    assert server.asked == [
        {
            "authorization": "Bearer sk-secret",
            "file": WAV,
            "filename": "answer.wav",
            "model": b"whisper-large",
            "language": b"de",
            "response_format": b"json",
        }
    ]


async def test_a_server_without_a_key_is_sent_none() -> None:
    async with served(openai_key="") as (server, writer):
        await writer.write(WAV, "en-US")
    assert server.asked[0]["authorization"] == ""


@pytest.mark.parametrize(
    ("status", "told", "kind"),
    [
        (401, "the server answered 401: see transcription.openai_key", SpeechError),
        (404, "see transcription.openai_url and transcription.openai_model", SpeechError),
        (413, "the recording is too large for it", Unwritable),
        (429, "it has been asked too much", SpeechError),
        (503, "the server answered 503", SpeechError),
        (302, "the server answered 302", SpeechError),
    ],
)
async def test_a_refusal_says_what_to_do_and_quotes_nothing(
    status: int, told: str, kind: type[SpeechError]
) -> None:
    async with served() as (server, writer):
        server.status, server.body = status, b'{"error": "sk-secret said more tea"}'
        with pytest.raises(kind) as caught:
            await writer.write(WAV, "en-US")
    assert str(caught.value).endswith(told)
    assert type(caught.value) is kind
    assert "secret" not in f"{caught.value!r}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"text": 5}', b'{"words": "a"}'])
async def test_an_answer_that_is_no_transcription_is_an_error(body: bytes) -> None:
    async with served() as (server, writer):
        server.body = body
        with pytest.raises(SpeechError, match="the server's answer is no transcription"):
            await writer.write(WAV, "en-US")


async def test_an_answer_without_end_is_not_read() -> None:
    async with served() as (server, writer):
        server.body = b'{"text": "' + b"x" * 2_000_000
        with pytest.raises(SpeechError, match="larger than 1,048,576 bytes"):
            await writer.write(WAV, "en-US")


async def test_a_server_that_is_away_or_hangs_up_is_named() -> None:
    async with served() as (server, writer):
        server.drops = True
        with pytest.raises(SpeechError, match=r"no answer from 127\.0\.0\.1:\d+: it closed"):
            await writer.write(WAV, "en-US")
        url = server.url
    writer = OpenAiWriter(Settings.model_validate({"transcription": {"openai_url": url}}))
    with pytest.raises(SpeechError, match="it cannot be connected to"):
        await writer.write(WAV, "en-US")
    await writer.close()


async def test_what_is_given_up_can_be_asked_again() -> None:
    async with served() as (server, writer):
        server.answers.clear()
        begun = asyncio.create_task(writer.write(WAV, "en-US"))
        await server.reached.wait()
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        server.answers.set()
        assert await writer.write(WAV, "en-US") == "I would like more tea."


async def test_openai_itself_wants_a_key() -> None:
    with pytest.raises(SpeechError, match=r"set transcription\.openai_key"):
        await OpenAiWriter(load()).info()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("example.com/v1", "begin with"),
        ("ftp://example.com/v1", "begin with"),
        ("https://example.com/v1?key=1", "begin with"),
        ("https://example.com:99999/", "begin with"),
        ("https://me:secret@example.com/v1", "a key belongs into transcription.openai_key"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TranscriptionSettings(openai_url=url)
    assert told in str(caught.value)


def test_the_key_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "transcription__openai_key").write_text("sk-of-a-file\n")
    monkeypatch.setenv("IVRSERVER_SECRETS", str(tmp_path))
    settings = load()
    assert settings.transcription.openai_key.get_secret_value() == "sk-of-a-file"
    assert "sk-of-a-file" not in repr(settings)
