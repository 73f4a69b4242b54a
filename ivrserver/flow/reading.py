"""Read a long text to the caller piece by piece, so that the first words are heard soon."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from ivrserver.flow.conversation import Conversation, Preparations, Voice
from ivrserver.flow.gather import LeftOver, skip_on_key

FIRST_PIECE: Final = 160
"""Characters after which the first piece may end: what a voice makes in the blink of an eye."""
LATER_PIECE: Final = 600
_SENTENCE: Final = re.compile(r"[^.!?…]*[.!?…]+[\"'”\u2019)]*\s*|[^.!?…]+$")


async def read_aloud(talk: Conversation, text: str, voice: Voice) -> None:
    """Say `text` as it is; a key ends it. The next piece is made while one is heard."""
    preparations = Preparations(talk)
    plain = Voice(voice.language, voice.name)
    pieces = list(pieces_of(text))
    try:
        for index, piece in enumerate(pieces):
            playback_id = await talk.play_text(piece, plain)
            if index + 1 < len(pieces):
                preparations.start_exactly(pieces[index + 1], plain)
            if await skip_on_key(talk, playback_id, LeftOver()):
                return
    finally:
        await preparations.stop()


def pieces_of(text: str) -> Iterator[str]:
    """Cut `text` between sentences: a short piece first, then longer ones; nothing is lost."""
    piece, wanted = "", FIRST_PIECE
    for sentence in _sentences(text):
        if piece and len(piece) + len(sentence) > wanted:
            yield piece.strip()
            piece, wanted = "", LATER_PIECE
        piece += sentence
    if piece.strip():
        yield piece.strip()


def _sentences(text: str) -> Iterator[str]:
    """Sentences with the blanks behind them; an endless one is cut between words."""
    for sentence in _SENTENCE.findall(text):
        if len(sentence) <= LATER_PIECE:
            yield sentence
        else:
            yield from (f"{part} " for part in textwrap.wrap(sentence, LATER_PIECE))
