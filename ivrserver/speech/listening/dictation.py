"""What was said, in English: PocketSphinx with its own language model.

It was trained on people who read newspapers aloud, over wideband: of a telephone call it makes a
draft. Measured on voices of flite, through µ-law, with noise: docs/explanation/listening.md.
"""

from __future__ import annotations

import re
from typing import Final

import pocketsphinx

from ivrserver.speech.audio import decoded
from ivrserver.speech.listening.telephone import RATE, stretches_in, widened

_VARIANT: Final = re.compile(r"\(\d+\)$")
"""Which of several ways to say it: ``the(2)``."""
_NOISE: Final = re.compile(r"[<\[+].*")
"""Silence, a breath, a cough."""


class Dictation:
    """The model, loaded once. It computes for about a fifth of the time that somebody talks."""

    def __init__(self) -> None:
        self._decoder = pocketsphinx.Decoder(pocketsphinx.Config(loglevel="FATAL"))

    def text_of(self, wav: bytes) -> str:
        """What was said; empty: nothing that could be made out.

        Raises:
            SpeechError: it is not a sound file.
        """
        said = (self._said(widened(talk)) for talk in stretches_in(decoded(wav, RATE)))
        return " ".join(filter(None, said))

    def _said(self, audio: bytes) -> str:
        self._decoder.start_utt()
        self._decoder.process_raw(audio, full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return ""
        words = (_VARIANT.sub("", part.word) for part in self._decoder.seg())
        return " ".join(word for word in words if not _NOISE.match(word))
