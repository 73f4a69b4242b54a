"""Spoken words become answers: engines behind `ivrserver.flow.ports.Recogniser`.

::

    listener = build(settings)
    await listener.warm_up()
    word = await listener.choose(wav, ["yes", "no"], "en-US")
    await listener.close()
"""

from ivrserver.speech.listening.build import build, check
from ivrserver.speech.listening.engine import Engine
from ivrserver.speech.listening.listener import Listener

__all__ = ["Engine", "Listener", "build", "check"]
