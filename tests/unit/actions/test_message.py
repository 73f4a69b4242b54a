"""What is read to the caller of a text or a web page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.actions.message import spoken_text
from ivrserver.errors import ActionError


def html(text: str) -> str:
    return spoken_text(text.encode(), "text/html", "utf-8")


def test_a_page_is_reduced_to_what_a_person_sees() -> None:
    page = """<!DOCTYPE html>
    <html><head><title>Orders</title><style>p { color: red }</style></head>
    <body><!-- not this -->
      <h1>Hello, Zo&euml;</h1>
      <p>Your&nbsp;order
         is <b>rea</b>dy.</p>
      <script>alert("no")</script><template><p>no</p></template>
      <p hidden>no</p><div style="color:red; display : NONE">no</div><p aria-hidden="true">no</p>
      <ul><li>Bread</li><li>Milk</li></ul>
      Pick it up<br>today
    </body></html>"""
    assert html(page) == ("Hello, Zoë. Your order is ready. Bread. Milk. Pick it up. today")


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("<p>One</p><p>Two</p>", "One. Two"),
        ("<p>One?</p><p>Two!</p><p>Three:</p><p>Four</p>", "One? Two! Three: Four"),
        ("<p>He said “hi.”</p><p>Bye</p>", "He said “hi.” Bye"),
        ("One<span> and </span><i>two</i>", "One and two"),
        ("<table><td>a</td><td>b</td></table>", "a. b"),
        ("a < b & c", "a < b & c"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("tail<script>x</script> stays", "tail stays"),
    ],
)
def test_blocks_end_sentences_and_inline_elements_do_not(text: str, spoken: str) -> None:
    assert html(text) == spoken


def test_plain_text_is_read_as_it_is_on_one_line() -> None:
    text = b"Hello,\r\n  Ada\n\nGoodbye\t<b>"
    assert spoken_text(text, "text/plain", "") == "Hello, Ada. Goodbye <b>"


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "text/xml"])
def test_what_it_is_is_seen_when_nobody_says_it(kind: str) -> None:
    assert spoken_text(b"<p>Hello</p><p>Ada</p>", kind, "") == "Hello. Ada"
    assert spoken_text(b"3 < 4, 5 > 2 and <you>", kind, "") == "3 < 4, 5 > 2 and <you>"


@pytest.mark.parametrize(
    "text", ["", " \n", "<html></html>", "<script>x</script>", "<!-- x -->", "\0\x07\u200b"]
)
def test_nothing_to_read_is_an_error(text: str) -> None:
    with pytest.raises(ActionError, match="no text to read"):
        html(text)


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("Zoë".encode(), ""),
        ("Zoë".encode(), "utf-8"),
        ("Zoë".encode("latin-1"), "iso-8859-1"),
        ("Zoë".encode("latin-1"), ""),
        ("Zoë".encode("latin-1"), "utf-8"),
        ("Zoë".encode("utf-16"), ""),
        (b"\xef\xbb\xbf" + "Zoë".encode(), "latin-1"),
        (b"Zo\x1b\x00\x7f\xc3\xab", ""),
    ],
)
def test_the_encoding_is_found(body: bytes, charset: str) -> None:
    assert spoken_text(body, "text/html", charset) == "Zoë"
    assert spoken_text(body, "text/plain", charset) == "Zoë"


def test_a_page_may_name_its_own_encoding() -> None:
    page = "<html><head><meta charset='cp437'></head>Zoë</html>".encode("cp437")
    assert spoken_text(page, "text/html", "") == "Zoë"


def test_a_long_message_is_cut_at_the_end_of_a_sentence() -> None:
    text = spoken_text(b"This is a sentence. " * 300, "text/plain", "")
    assert len(text) <= 4000
    assert text.endswith("sentence.")
    assert len(text) > 3900


def test_a_long_sentence_is_cut_between_words_and_a_long_word_anywhere() -> None:
    assert spoken_text(b"word " * 2000, "text/plain", "") == ("word " * 800).strip()
    assert spoken_text(b"x" * 9000, "text/plain", "") == "x" * 4000


def test_more_than_64_kb_are_refused() -> None:
    with pytest.raises(ActionError, match="larger than 64 KB"):
        spoken_text(b"x" * 65537, "text/plain", "")


@given(st.text())
def test_whatever_is_read_is_one_clean_line(text: str) -> None:
    try:
        spoken = html(text.encode("utf-8", "replace").decode())
    except ActionError:
        return
    assert spoken == " ".join(spoken.split())
    assert all(character.isprintable() or ord(character) > 0xFF for character in spoken)
