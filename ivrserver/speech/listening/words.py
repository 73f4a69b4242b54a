"""Which of a few words was said: PocketSphinx with a grammar of those words and their rivals.

A grammar of yes and no alone hears a yes or a no in everything. So what people say who answer a
phone is in the grammar too, and what is heard must be alike enough. Measured on five voices of
flite and seven of espeak-ng, through µ-law, with noise: docs/explanation/listening.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pocketsphinx

from ivrserver.speech.audio import decoded
from ivrserver.speech.listening.telephone import (
    FRAME_SECONDS,
    RATE,
    Talk,
    on_a_line,
    talk_in,
    widened,
)

_SEARCH: Final = "words"
_WORD: Final = re.compile(r"[a-z][a-z']*", re.ASCII)

RIVALS: Final = (
    "hello | hey | hi | who | what | where | why | how | okay | right | well | so | um | oh | ah | "
    "now | wait | hold | one | two | three | four | five | six | seven | eight | nine | zero | "
    "speaking | me | you | here | there | please | thanks | sorry | bye | goodbye | maybe | later "
    "| go | stop | call | back | leave | message | is | he | she | we | they | name | number | "
    "busy | help | sales | support | cancel | yo | i"
)
"""What is said on a phone besides, one word each. Words that hardly anybody says alone but that
sound like a yes or a no (yet, note) are left out: they would win too often."""

_LEAST_ALIKE: Final = -7.5
"""Mean natural logarithm of the likelihood of 10 ms of the word, compared with the best sound of
all."""
_MODEL_FRAME: Final = 0.01
"""Seconds."""
_MOST_TALK_BESIDE: Final = 0.1
"""Seconds of talk before and behind the word: more is another word."""
_LEAST_BEFORE: Final = 0.08
"""Seconds of silence before the word: whoever was talking already has not just answered."""
_MOST_TALK: Final = 0.35
_MOST_TALK_PER_WORD: Final = 0.45

_IMPOSSIBLE: Final = -745.0
"""What stands for the logarithm of zero: of the smallest double."""


class WordFinder:
    """The model, loaded once. Its methods compute for some 60 ms."""

    def __init__(self) -> None:
        # Likelihoods that are compared must be of all sounds (compallsen).
        config = pocketsphinx.Config(lm=None, loglevel="FATAL", compallsen=True)
        self._decoder = pocketsphinx.Decoder(config)

    def choose(self, wav: bytes, words: Sequence[str]) -> str:
        """As `Engine.choose`; words that the model's dictionary lacks are never heard.

        Raises:
            SpeechError: it is not a sound file.
        """
        talk = talk_in(decoded(wav, RATE))
        if talk is None or talk.before < _LEAST_BEFORE:
            return ""
        short_enough = [word for word in words if talk.seconds <= _longest(word)]
        known = [word for word in short_enough if self._knows(word)]
        heard = self._heard(talk, known) if known else ""
        return heard if heard in known else ""

    def _knows(self, phrase: str) -> bool:
        parts = phrase.split()
        return bool(parts) and all(
            _WORD.fullmatch(part) and self._decoder.lookup_word(part) for part in parts
        )

    def _heard(self, talk: Talk, words: Sequence[str]) -> str:
        """What was said, of `words` and their rivals; empty: nothing is alike enough."""
        choices = " | ".join(dict.fromkeys([*words, *RIVALS.split(" | ")]))
        grammar = f"#JSGF V1.0;\ngrammar {_SEARCH};\npublic <said> = {choices};\n"
        self._decoder.add_jsgf_string(_SEARCH, grammar)
        self._decoder.activate_search(_SEARCH)
        self._decoder.start_utt()
        self._decoder.process_raw(widened(on_a_line(talk)), full_utt=True)
        self._decoder.end_utt()
        said = self._decoder.hyp()
        return said.hypstr if said is not None and self._is_all(talk) else ""

    def _is_all(self, talk: Talk) -> bool:
        """Whether the word is alike enough, and all of the talk."""
        words = [part for part in self._decoder.seg() if _WORD.match(part.word)]
        alike, frames = 0.0, 0
        covered = np.zeros(len(talk.times), dtype=bool)
        for part in words:
            alike += math.log(part.ascore) if part.ascore > 0 else _IMPOSSIBLE
            frames += part.end_frame - part.start_frame + 1
            begin, end = part.start_frame * _MODEL_FRAME, (part.end_frame + 1) * _MODEL_FRAME
            covered |= (talk.times > begin - FRAME_SECONDS) & (talk.times < end)
        beside = float(np.count_nonzero(~covered)) * FRAME_SECONDS
        return beside <= _MOST_TALK_BESIDE and alike >= _LEAST_ALIKE * frames


def _longest(phrase: str) -> float:
    """Seconds of talk: more cannot be `phrase`."""
    return _MOST_TALK + _MOST_TALK_PER_WORD * len(phrase.split())
