"""The engine of the page about speech is one: installed as the page says, it speaks."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fastapi import FastAPI, Request, Response

from ivrserver.blocks import Prompt
from ivrserver.demo import listening
from ivrserver.errors import SpeechError
from ivrserver.speech import build
from ivrserver.speech.build import GROUP
from ivrserver.speech.listening.build import GROUP as LISTENING_GROUP
from ivrserver.speech.listening.build import WRITING
from tests.unit.examples.pages import ROOT, examples
from tests.unit.speech.test_build import speech_settings
from tests.unit.web.serving import serving

PAGE = (ROOT / "docs" / "explanation" / "speech.md").read_text(encoding="utf-8")
LISTENING = (ROOT / "docs" / "explanation" / "listening.md").read_text(encoding="utf-8")
SERVICE = "http://tts.example.com"
SECONDS = 1.0


def service(folder: Path) -> FastAPI:
    """What the engine asks: it says "Hello." as a tone, and cannot say anything else."""
    app = FastAPI()
    file = folder / "tone.wav"
    tone = 0.3 * np.sin(np.arange(round(SECONDS * 16000)) / 16000 * 2 * np.pi * 440)
    soundfile.write(file, tone, 16000)

    @app.post("/speak")
    async def speak(request: Request) -> Response:
        asked = await request.json()
        known = asked == {"text": "Hello.", "language": "en-US"}
        return Response(file.read_bytes() if known else b"", 200 if known else 500)

    return app


def install(folder: Path, address: str) -> None:
    """Install the page's engine into `folder`, as pip would."""
    (code,) = examples([PAGE], "python")
    (project,) = examples([PAGE], "toml")
    assert SERVICE in code
    (folder / "house_speech.py").write_text(code.replace(SERVICE, address))
    about = folder / "house_speech-3.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: house-speech\nVersion: 3\n")
    groups = tomllib.loads(project)["project"]["entry-points"]
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group}]", *(f"{name} = {place}" for name, place in entries.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))


def test_the_pages_name_the_groups_in_which_engines_are_looked_for() -> None:
    named = [
        set(tomllib.loads(text)["project"]["entry-points"])
        for page in (PAGE, LISTENING)
        for text in examples([page], "toml")
    ]
    assert named == [{GROUP}, {LISTENING_GROUP}]
    assert f"`{WRITING}`" in LISTENING


async def test_the_engine_of_the_page_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    monkeypatch.syspath_prepend(packages)
    async with serving(service(tmp_path)) as address:
        install(packages, address)
        speech = build(speech_settings(tmp_path, engines=("house",)))
        try:
            sound = await speech.sound(Prompt("Hello."), "en-US", "", "")
            spoken = listening.load(Path(f"{sound.uri.removeprefix('sound:')}.wav"))
            assert len(spoken) / listening.RATE == pytest.approx(SECONDS, abs=0.3)
            loudest = np.abs(np.fft.rfft(spoken[: listening.RATE // 2])).argmax() * 2
            assert loudest == pytest.approx(440, abs=4)
            with pytest.raises(SpeechError, match="house engine does not answer"):
                await speech.sound(Prompt("Goodbye."), "en-US", "", "")
        finally:
            await speech.close()
            sys.modules.pop("house_speech", None)
