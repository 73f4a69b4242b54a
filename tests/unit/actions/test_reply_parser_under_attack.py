"""No reply, however made, does more than be refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import example as this_example
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrserver.actions import apart
from ivrserver.actions.message import spoken_text
from ivrserver.actions.model import Reply, RunFindMe, RunIvr
from ivrserver.actions.parser import parse
from ivrserver.actions.reference import MAX_PHONES, MAX_USER_PARAMETERS
from ivrserver.errors import ActionError
from tests.unit.actions.bombs import BOMB, BOMBS
from tests.unit.actions.replies import EXAMPLES, REPLIES, example, write


@pytest.mark.parametrize("body", BOMBS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_declaration_is_refused_at_once(body: str, encoding: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ActionError, match=r"document type declaration|larger than 64 KB"):
        parse(body.encode(encoding))
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (b"<?xml version='1.0' encoding='utf-7'?>+ADw-!DOCTYPE a+AD4-<action/>", ""),
        (BOMB.encode("utf-7"), "utf-7"),
        (BOMB.encode("cp037"), "cp037"),
        (BOMB.encode("utf-16-le"), "utf-8"),
        (b"\xef\xbb\xbf" + BOMB.encode("utf-16-le"), "utf-16"),
        (b"\xff\xfe" + BOMB.encode("utf-16-be"), ""),
        (b"\0" + BOMB.encode(), ""),
        (BOMB.encode("utf-32"), ""),
        (b"<\0!\0D\0" + BOMB.encode(), ""),
        (BOMB.replace("<", "\x1b(B<").encode(), "iso-2022-jp"),
        (BOMB.replace("DOCTYPE", "DOC\0TYPE").encode(), ""),
    ],
)
def test_no_encoding_hides_a_declaration(body: bytes, charset: str) -> None:
    with pytest.raises(ActionError):
        parse(body, charset=charset)


def test_a_declaration_in_text_is_only_text() -> None:
    inner = "<p_t><![CDATA[<!DOCTYPE a>]]></p_t>"
    body = f"<action><app>hangup</app><parameters>{inner}</parameters></action>"
    assert parse(body.encode()).pass_through == "<!DOCTYPE a>"


def test_inclusions_are_not_followed() -> None:
    include = (
        "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='/etc/passwd' parse='text'/>"
    )
    body = f"<action><app>hangup</app><parameters><p_t>{include}</p_t></parameters></action>"
    assert parse(body.encode()).pass_through == ""


@pytest.mark.parametrize("depth", [200, 300, 5000, 16000])
def test_deep_nesting_is_harmless(depth: int) -> None:
    body = f"<action><app>hangup</app>{'<a>' * depth}{'</a>' * depth}</action>"
    if depth < 250:
        assert parse(body.encode()).warnings == ("<a> is not known in <action>: ignored",)
        return
    with pytest.raises(ActionError, match=r"nested too deeply|64 KB"):
        parse(body.encode())


def test_more_than_64_kb_are_refused_and_64_kb_are_not() -> None:
    body = b"<action><app>hangup</app></action>"
    assert parse(body.ljust(65536))
    with pytest.raises(ActionError, match="larger than 64 KB"):
        parse(body.ljust(65537))


def test_of_a_list_without_end_the_first_numbers_are_called() -> None:
    numbers = "|".join(f"212555{number:04}" for number in range(5500))
    given = f"<parameters><phone_list>{numbers}</phone_list></parameters>"
    reply = parse(f"<action><app>findme</app>{given}</action>".encode())
    assert isinstance(reply.action, RunFindMe)
    assert len(reply.action.phone_list) == MAX_PHONES
    assert reply.warnings == (
        f"<phone_list> has more than {MAX_PHONES} numbers: the rest is dropped",
    )


def test_of_thousands_of_user_parameters_the_first_count() -> None:
    given = "".join(f"<n{number}>{number}</n{number}>" for number in range(3000))
    body = (
        "<action><app>ivr</app><parameters><id>1</id>"
        f"<user_parameters>{given}</user_parameters></parameters></action>"
    )
    reply = parse(body.encode())
    assert isinstance(reply.action, RunIvr)
    assert len(reply.action.user_parameters) == MAX_USER_PARAMETERS
    assert reply.warnings == (
        f"<user_parameters> has more than {MAX_USER_PARAMETERS} names: the rest is dropped",
    )


@pytest.mark.parametrize("number", ["9" * 19, "-1", "0x1", "\u0661", "1e9", "1" * 5000, "1;2"])
def test_what_no_database_could_keep_is_no_id(number: str) -> None:
    body = f"<action><app>ivr</app><parameters><id>{number}</id></parameters></action>"
    with pytest.raises(ActionError, match=r"^<id> must be a whole number$"):
        parse(body.encode())


@pytest.mark.parametrize(
    "filling",
    ["<?x?>", "<!-- -->", "<!--", "<?", " ", "<!DOCTYP ", "<a ", "<a x='", "&", "<![CDATA[", "]]>",
     "</", "<a/>", "<a:", "\ufeff", "\0", "<?xml "],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "<action><app>hangup</app>"])
def test_no_repetition_is_slow(filling: str, before: str) -> None:
    body = (before + filling * 65536).encode()[:65536]
    began = time.perf_counter()
    for read in (parse, lambda body: spoken_text(body, "text/html", "")):
        try:
            read(body)
        except ActionError:
            continue
    assert time.perf_counter() - began < 2


def test_names_that_never_come_again_are_not_learned() -> None:
    for number in range(40):
        names = "".join(f"<n{number}x{each}/>" for each in range(100))
        reply = parse(f"<action><app>hangup</app>{names}</action>".encode())
        assert reply.warnings
        assert len(apart._known) <= apart.MOST_NAMES


def test_a_system_without_threads_left_still_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(apart.Thread, "start", start)
    assert parse(b"<action x='1'><app>hangup</app></action>").warnings == ()


def only_refused(body: bytes, charset: str = "") -> None:
    outcome: Reply | ActionError
    try:
        outcome = parse(body, charset=charset)
    except ActionError as error:
        outcome = error
    assert isinstance(outcome, Reply) or 0 < len(str(outcome)) < 400
    for kind in ("text/html", "text/plain", ""):
        try:
            message = spoken_text(body, kind, charset)
        except ActionError:
            continue
        assert 0 < len(message) <= 4000


FRAGMENTS = st.sampled_from(
    ["<action>", "</action>", "<app>", "</app>", "ivr", "hangup", "<parameters>", "</parameters>",
     "<id>", "1", "</id>", "<!DOCTYPE a [", "<!ENTITY x 'y'>", "]>", "&x;", "&#0;", "&#xD800;",
     "&#13;", "<![CDATA[", "]]>", "<!--", "-->", "<?xml version='1.0' encoding='", "utf-16", "'?>",
     "\ufeff", "\0", "<a b='c' b='d'>", " xmlns='", "<x:y>", "<", ">", "&", "é", "\r\n", "<br>",
     "<script>", "<p hidden>", "<meta charset=big5>", "\ufffe"]
)  # fmt: skip
CHARSETS = st.sampled_from(
    [
        "",
        "utf-8",
        "latin-1",
        "utf-16",
        "utf-32",
        "shift_jis",
        "iso-2022-jp",
        "gb18030",
        "idna",
        "\0",
    ]
) | st.text(max_size=12)


@given(st.binary(max_size=300), CHARSETS)
@this_example(b"\xff\xfe\x00", "utf-16")
def test_arbitrary_bytes(body: bytes, charset: str) -> None:
    only_refused(body, charset)


@given(st.lists(FRAGMENTS | st.text(max_size=5), max_size=30).map("".join), CHARSETS)
def test_arbitrary_arrangements_of_markup(text: str, charset: str) -> None:
    only_refused(text.encode("utf-8", "surrogatepass"), charset)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid reply, damaged."""
    texts = st.sampled_from([example(name) for name in EXAMPLES]) | REPLIES.map(write)
    body = draw(texts).encode(draw(st.sampled_from(["utf-8", "utf-16"])))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 6)))
        repeated = body[start:end] * draw(st.integers(0, 3))
        piece = draw(st.binary(max_size=3) | FRAGMENTS.map(str.encode) | st.just(repeated))
        body = body[:start] + piece + body[end:]
    return body


@settings(max_examples=200)
@given(mutated(), CHARSETS)
def test_damaged_replies(body: bytes, charset: str) -> None:
    only_refused(body, charset)
