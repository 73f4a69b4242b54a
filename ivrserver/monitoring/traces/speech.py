"""Prompts that had to be made, or waited for, as spans of the call that wanted them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from structlog.contextvars import get_contextvars

from ivrserver.blocks import Prompt
from ivrserver.errors import SpeechError
from ivrserver.flow.ports import Clock, Sound, Speech
from ivrserver.monitoring.traces.ids import Place, within
from ivrserver.monitoring.traces.spans import Sink, Span, dotted

Around = Callable[[str], Place | None]
"""Where whatever is done for the call of that id belongs; None: it is not traced."""

LEAST_SECONDS: Final = 0.003
"""What comes sooner was there already, and is no work worth a span."""


class TracedSpeech:
    """Makes a span of every prompt that took time, in the call that its task is bound to."""

    def __init__(self, speech: Speech, sink: Sink, around: Around, clock: Clock) -> None:
        self._speech, self._sink, self._around, self._clock = speech, sink, around, clock

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        """See `Speech.sound`."""
        around = self._around(str(get_contextvars().get("call", "")))
        began, error = self._clock.now(), ""
        try:
            return await self._speech.sound(prompt, language, voice, audio_path)
        except SpeechError:
            error = "nothing could make it"
            raise
        finally:
            ended = self._clock.now()
            took = (ended - began).total_seconds()
            if around is not None and (took >= LEAST_SECONDS or error):
                self._sink(
                    Span(
                        name="prompt",
                        place=within(around),
                        parent=around,
                        began=began,
                        ended=ended,
                        attributes=dotted({"language": language, "recorded": bool(prompt.audio)}),
                        error=error,
                    )
                )
