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

import pocketsphinx

from ivrserver.speech.audio import decoded
from ivrserver.speech.listening.telephone import RATE, talk_in, widened

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

# Natural logarithm of the likelihood per 10 ms, compared with the best sound of all.
_LEAST_INSIDE: Final = -7.5
"""Of the word itself."""
_LEAST_OUTSIDE: Final = -4.2
"""Of the silence around it: much lower, when something else was said there."""

_MOST_TALK: Final = 0.35
_MOST_TALK_PER_WORD: Final = 0.45

_ENDS: Final = frozenset({"<s>", "</s>"})
"""They repeat the likelihood of what is next to them."""

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
        if talk is None:
            return ""
        short_enough = [word for word in words if talk.seconds <= _longest(word)]
        known = [word for word in short_enough if self._knows(word)]
        heard = self._heard(widened(talk.samples), known) if known else ""
        return heard if heard in known else ""

    def _knows(self, phrase: str) -> bool:
        parts = phrase.split()
        return bool(parts) and all(
            _WORD.fullmatch(part) and self._decoder.lookup_word(part) for part in parts
        )

    def _heard(self, audio: bytes, words: Sequence[str]) -> str:
        """What was said, of `words` and their rivals; empty: nothing is alike enough."""
        choices = " | ".join(dict.fromkeys([*words, *RIVALS.split(" | ")]))
        grammar = f"#JSGF V1.0;\ngrammar {_SEARCH};\npublic <said> = {choices};\n"
        self._decoder.add_jsgf_string(_SEARCH, grammar)
        self._decoder.activate_search(_SEARCH)
        self._decoder.start_utt()
        self._decoder.process_raw(audio, full_utt=True)
        self._decoder.end_utt()
        said = self._decoder.hyp()
        return said.hypstr if said is not None and self._alike() else ""

    def _alike(self) -> bool:
        """Whether both the word and the silence around it fit what was heard."""
        inside, outside = _Fit(), _Fit()
        for part in self._decoder.seg():
            if part.word not in _ENDS:
                fit = inside if _WORD.match(part.word) else outside
                fit.add(part.ascore, part.end_frame - part.start_frame + 1)
        return inside.mean >= _LEAST_INSIDE and outside.mean >= _LEAST_OUTSIDE


def _longest(phrase: str) -> float:
    """Seconds of talk: more cannot be `phrase`."""
    return _MOST_TALK + _MOST_TALK_PER_WORD * len(phrase.split())


class _Fit:
    """Mean logarithm of the likelihood over some frames."""

    def __init__(self) -> None:
        self._sum, self._frames = 0.0, 0

    def add(self, likelihood: float, frames: int) -> None:
        self._sum += math.log(likelihood) if likelihood > 0 else _IMPOSSIBLE
        self._frames += frames

    @property
    def mean(self) -> float:
        return self._sum / self._frames if self._frames else 0.0
