"""The pictures that the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.examples.pages import ROOT

PNG = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 150_000
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = [
    (page, words, address)
    for page in PAGES
    for words, address in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text())
]


@pytest.mark.parametrize(("page", "words", "address"), SHOWN)
def test_a_picture_is_there_small_and_told_in_words(page: Path, words: str, address: str) -> None:
    picture = (page.parent / address).read_bytes()
    assert picture.startswith(PNG)
    assert len(picture) < MOST_BYTES, "take it smaller: make screenshots"
    assert len(words) > 20, "say what is to be seen"


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / address).resolve() for page, _, address in SHOWN}
    pictures = set((ROOT / "docs" / "images").glob("*.png"))
    assert len(pictures) > 3
    assert pictures == shown
