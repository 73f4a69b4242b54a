"""Make any text safe to hand to an engine."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_CHARACTERS: Final = 10_000
"""Longer texts are refused: more than ten minutes of speech is a mistake in a flow."""

# White space, control characters (espeak takes some as commands), halves of UTF-16 pairs.
_SEPARATORS: Final = re.compile("[\\s\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")

_IN_ASCII: Final = str.maketrans(
    {
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{EN DASH}": "-",
        "\N{EM DASH}": " - ",
        "\N{LATIN SMALL LETTER SHARP S}": "ss",
        "\N{LATIN SMALL LETTER AE}": "ae",
        "\N{LATIN SMALL LETTER O WITH STROKE}": "o",
        "\N{EURO SIGN}": " euro ",
        "\N{POUND SIGN}": " pounds ",
        "\N{DEGREE SIGN}": " degrees ",
    }
)


def clean(text: str) -> str:
    """Compose accents (NFC), and put one space for what is not to be spoken."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFC", text)).strip()


def in_ascii(text: str) -> str:
    """Rewrite `text` for an engine that reads ASCII: ``café`` becomes ``cafe``.

    Letters without a likeness in ASCII are left out.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_IN_ASCII))
    return " ".join(decomposed.encode("ascii", "ignore").decode("ascii").split())
