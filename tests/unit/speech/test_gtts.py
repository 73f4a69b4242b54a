"""gTTS against a server of our own that speaks Google's protocol."""

import base64
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
import soundfile
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivrserver.config import Settings
from ivrserver.errors import SpeechError
from ivrserver.speech import audio
from ivrserver.speech.engine import Unspeakable
from ivrserver.speech.engines.gtts import Gtts
from tests.unit.speech.stand_ins import sound_file, tone


@dataclass
class Google:
    """Answers every part of a text with a second of tone, and remembers what it was asked."""

    address: str = ""
    status: int = 200
    body: str | None = None
    texts: list[str] = field(default_factory=list)
    languages: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.Response:
        form = parse_qs(await request.text())
        ((_, parameters, _, _),) = json.loads(form["f.req"][0])[0]
        text, language, _speed, _ = json.loads(parameters)
        self.texts.append(text)
        self.languages.add(language)
        sound = base64.b64encode(sound_file(tone(1, 24000), 24000, "MP3")).decode()
        reply = json.dumps([["wrb.fr", "jQ1olc", json.dumps([sound])]], separators=(",", ":"))
        return web.Response(status=self.status, text=self.body or f")]}}'\n\n{reply}\n")


@pytest.fixture
async def google() -> AsyncIterator[Google]:
    stand_in = Google()
    app = web.Application()
    app.router.add_post("/_/TranslateWebserverUi/data/batchexecute", stand_in.answer)
    async with TestServer(app) as server:
        stand_in.address = str(server.make_url("")).rstrip("/")
        yield stand_in


@pytest.fixture
async def engine(google: Google) -> AsyncIterator[Gtts]:
    made = Gtts(Settings(), google.address)
    await made.info()
    yield made
    await made.close()


async def test_it_speaks(engine: Gtts, google: Google) -> None:
    sound = await engine.speak("Press one.", "en-US", "")
    assert soundfile.info(io.BytesIO(sound)).format == "MP3"
    assert len(audio.spoken(sound, 8000)) / 8000 == pytest.approx(1, abs=0.15)
    assert google.texts == ["Press one."]


async def test_a_long_text_is_asked_for_in_parts_and_put_together(
    engine: Gtts, google: Google
) -> None:
    text = "This is a sentence of forty characters, yes. " * 20
    sound = await engine.speak(text, "en-US", "")
    assert len(google.texts) > 5
    assert max(map(len, google.texts)) <= 100
    assert re.findall(r"\w+", " ".join(google.texts)) == re.findall(r"\w+", text)
    assert len(audio.spoken(sound, 8000)) / 8000 == pytest.approx(len(google.texts), rel=0.15)


async def test_the_nearest_language_is_asked_for(engine: Gtts, google: Google) -> None:
    for language in ("en-US", "de-AT", "zh-TW", "fr-CA", "xx"):
        await engine.speak("1", language, "")
    assert google.languages == {"en", "de", "zh-TW", "fr-CA"}


async def test_a_refusing_server_is_an_error(engine: Gtts, google: Google) -> None:
    google.status = 429
    with pytest.raises(SpeechError, match="answered 429"):
        await engine.speak("Press one.", "en-US", "")


@pytest.mark.parametrize("body", ["<html>", "x" * 5_000_000, 'jQ1olc","[\\"A\\"]'])
async def test_a_reply_without_audio_is_an_error(engine: Gtts, google: Google, body: str) -> None:
    google.body = body
    with pytest.raises(SpeechError, match="the server sent"):
        await engine.speak("Press one.", "en-US", "")


async def test_without_the_internet_it_says_so_at_once(unused_tcp_port: int) -> None:
    engine = Gtts(Settings(), f"http://127.0.0.1:{unused_tcp_port}")
    await engine.info()
    with pytest.raises(SpeechError, match="needs the internet"):
        await engine.speak("Press one.", "en-US", "")
    await engine.close()


async def test_a_text_of_punctuation_is_nothing_to_say(engine: Gtts, google: Google) -> None:
    with pytest.raises(Unspeakable):
        await engine.speak("...", "en-US", "")
    assert google.texts == []
