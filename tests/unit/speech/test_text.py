from hypothesis import given
from hypothesis import strategies as st

from ivrserver.speech.languages import best
from ivrserver.speech.text import clean, in_ascii

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


def test_what_is_not_spoken_becomes_one_space() -> None:
    assert clean(" Press\x00\x01\r\n\t one.\x7f ") == "Press one."


def test_accents_are_composed() -> None:
    assert clean("cafe\N{COMBINING ACUTE ACCENT}") == "caf\N{LATIN SMALL LETTER E WITH ACUTE}"


def test_half_a_surrogate_pair_is_dropped() -> None:
    assert clean("a\ud83db") == "a b"


@given(ANY_TEXT)
def test_a_clean_text_can_be_written_in_utf_8_on_one_line(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert len(cleaned.splitlines()) <= 1
    assert clean(cleaned) == cleaned


@given(ANY_TEXT)
def test_ascii_is_ascii(text: str) -> None:
    assert in_ascii(clean(text)).isprintable()
    assert in_ascii(clean(text)).isascii()


def test_accents_quotes_and_currencies_have_a_likeness_in_ascii() -> None:
    assert (
        in_ascii("It\u2019s caf\u00e9 \u2013 5\u20ac, stra\u00dfe")
        == "It's cafe - 5 euro , strasse"
    )


def test_a_language_is_found_by_shortening_the_tag() -> None:
    available = frozenset({"de", "en", "en-gb", "fr-fr", "fr-be", "zh"})
    assert best("de-AT", available) == "de"
    assert best("en-GB", available) == "en-gb"
    assert best("en_US", available) == "en"
    assert best("zh-Hant-TW", available) == "zh"
    assert best("fr", available) == "fr-be"
    assert best("fr-CA", available) == "fr-be"
    assert best("sw", available) is None
    assert best("d", available) is None
