"""In which encoding a reply is read, and what is kept of its pass-through data."""

from __future__ import annotations

import codecs

import pytest

from ivrserver.actions.model import EndCall, Reply, TransferCall
from ivrserver.actions.parser import parse
from tests.unit.actions.replies import declared, refusal, reply


@pytest.mark.parametrize("data", ["", " ", " a|b \n||\tc ", "&#13;&lt;x&gt;&amp;", "é€😀", "%7C+"])
@pytest.mark.parametrize("app", ["ivr", "findme", "hangup"])
def test_pass_through_data_is_kept_to_the_byte(data: str, app: str) -> None:
    understood = reply(app, f"<id>7</id><p_t>{data}</p_t>")
    plain = (
        data.replace("&#13;", "\r").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    )
    assert understood.pass_through == plain


def test_without_pass_through_data_there_is_none() -> None:
    assert reply("ivr", "<id>7</id>").pass_through is None


def test_pass_through_data_is_cut_at_the_cap_between_characters() -> None:
    assert reply("hangup", f"<p_t>{'x' * 4096}</p_t>") == Reply(EndCall(), "x" * 4096)
    understood = reply("hangup", f"<p_t>x{'é' * 2048}</p_t>")
    assert understood.pass_through == "x" + "é" * 2047
    assert understood.warnings == ("<p_t> is longer than 4096 bytes: the rest is dropped",)


NAME = "<action><app>transfer</app><parameters><destination>é</destination></parameters></action>"


@pytest.mark.parametrize(
    ("body", "charset", "warned"),
    [
        (NAME.encode(), "", False),
        (NAME.encode("latin-1"), "ISO-8859-1", False),
        (NAME.encode("latin-1"), '"latin1"', False),
        (NAME.encode("cp1252"), "windows-1252", False),
        (NAME.encode("utf-16-le"), "utf-16", False),
        (codecs.BOM_UTF8 + NAME.encode(), "ISO-8859-1", False),
        # the header wins over the declaration (RFC 7303) ...
        (declared("cp437", NAME).encode("latin-1"), "ISO-8859-1", True),
        # ... unless the bytes show that it is wrong
        (declared("ISO-8859-1", NAME).encode("latin-1"), "UTF-8", True),
        (declared("UTF-8", NAME).encode(), "ISO-8859-1", True),
        (declared("utf-16", NAME).encode(), "", True),
        (NAME.encode(), "no-such-thing", True),
        (NAME.encode(), "zlib", True),
        (NAME.encode(), "utf-7", True),
        (NAME.encode(), "unicode_escape", True),
        (NAME.encode(), "a\0b", True),
    ],
)
def test_the_encoding_is_found(body: bytes, charset: str, warned: bool) -> None:
    understood = parse(body, charset=charset)
    assert understood.action == TransferCall("é")
    assert bool(understood.warnings) is warned


def test_bytes_that_are_no_text_are_refused() -> None:
    assert refusal(NAME.encode("latin-1")) == (
        "the reply is not valid UTF-8 (byte 0xe9 at position 52): declare its encoding"
    )
