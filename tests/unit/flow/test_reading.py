"""Long texts are read in pieces; nothing is lost, and the first piece is short."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivrserver.flow.reading import FIRST_PIECE, LATER_PIECE, pieces_of


@given(st.text(max_size=3000))
def test_no_character_is_lost(text: str) -> None:
    assert "".join("".join(pieces_of(text)).split()) == "".join(text.split())


def test_sentences_stay_whole_and_the_first_piece_is_short() -> None:
    sentence = "This sentence has forty characters in all. "
    pieces = list(pieces_of(sentence * 100))
    assert len(pieces[0]) <= FIRST_PIECE
    assert all(len(piece) <= LATER_PIECE for piece in pieces)
    assert all(piece.endswith(".") for piece in pieces)
    assert len(pieces) < 12


def test_an_endless_sentence_is_cut_between_words() -> None:
    pieces = list(pieces_of("word " * 800))
    assert all(len(piece) <= LATER_PIECE for piece in pieces)
    assert " ".join(pieces).split() == ["word"] * 800


def test_a_short_text_is_one_piece() -> None:
    assert list(pieces_of("Hello there.")) == ["Hello there."]
    assert list(pieces_of("  ")) == []
