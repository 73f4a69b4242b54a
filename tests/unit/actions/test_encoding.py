"""A reply can be shown to people, whatever it claims to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.actions.encoding import readable


@pytest.mark.parametrize(
    ("body", "charset", "shown"),
    [
        ("é".encode(), "", "é"),
        ("é".encode("latin-1"), "latin-1", "é"),
        ("é".encode("utf-16"), "latin-1", "é"),
        (b"a\xff\x00b", "utf-8", "a\ufffd\ufffdb"),
        # encodings that Python knows and a reply cannot have
        (rb"\ud800", "unicode_escape", r"\ud800"),
        (b"+2AA-", "utf-7", "+2AA-"),
        (b"xn--a..", "idna", "xn--a.."),
        (b"x", "undefined", "x"),
        (b"x", "a\0b", "x"),
    ],
)
def test_a_reply_is_shown(body: bytes, charset: str, shown: str) -> None:
    assert readable(body, charset) == shown


@given(st.binary(), st.sampled_from(["utf-16", "shift_jis", "utf-32", "cp1252"]) | st.text())
def test_every_reply_can_be_shown_and_stored(body: bytes, charset: str) -> None:
    shown = readable(body, charset)
    shown.encode()
    assert "\0" not in shown
