"""Prompts become audio: engines, cache and the audio library behind `ivrserver.flow.ports.Speech`.

::

    speech = build(settings)
    await speech.warm_up()
    sound = await speech.sound(Prompt("Press one."), "en-US", "", "")
    await speech.close()
"""

from ivrserver.speech.build import EngineState, build, check
from ivrserver.speech.engine import Engine, EngineInfo, Unspeakable
from ivrserver.speech.speaker import Speaker

__all__ = [
    "Engine",
    "EngineInfo",
    "EngineState",
    "Speaker",
    "Unspeakable",
    "build",
    "check",
]
