"""Spoken words become answers, and recordings text: engines behind `ivrserver.flow.ports`.

::

    listener = build(settings)
    await listener.warm_up()
    word = await listener.choose(wav, ["yes", "no"], "en-US")
    await listener.close()

    writing = scribe(settings)
    transcript = await writing.transcribe(wav, "en-US")
    await writing.close()
"""

from ivrserver.speech.listening.build import build, check, check_writing, scribe
from ivrserver.speech.listening.engine import Engine, Writer
from ivrserver.speech.listening.listener import Listener
from ivrserver.speech.listening.scribe import Scribe

__all__ = [
    "Engine",
    "Listener",
    "Scribe",
    "Writer",
    "build",
    "check",
    "check_writing",
    "scribe",
]
