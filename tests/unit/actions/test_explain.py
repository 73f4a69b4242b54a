"""How a reply is explained: each element, what it means, what counts, and where an error is."""

from __future__ import annotations

import pytest
from hypothesis import given

from ivrserver.actions import reference
from ivrserver.actions.explain import Explanation, Line, explain, explain_kept
from ivrserver.actions.findings import Use
from ivrserver.actions.message import spoken_message, spoken_text
from ivrserver.actions.parser import parse
from tests.unit.actions.replies import EXAMPLES, REPLIES, example, write


def told(body: str) -> Explanation:
    return explain(body.encode())


def reply(app: str, parameters: str = "") -> Explanation:
    return told(f"<action>\n<app>{app}</app>\n<parameters>{parameters}</parameters>\n</action>")


def line(explained: Explanation, name: str) -> Line:
    (found,) = (each for each in explained.lines if each.name == name)
    return found


class Account:
    def block(self, block_id: int) -> str:
        return "the IVR “Thanks”" if block_id == 102 else ""

    def question(self, block_id: int, question_id: int) -> str:
        return f"question 2, “Rating” of {block_id}" if question_id == 7 else ""


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_reference_is_explained_without_a_doubt(name: str) -> None:
    explained = told(example(name))
    assert explained.reply == EXAMPLES[name]
    assert not explained.error
    assert not explained.notes
    assert {each.use for each in explained.lines} <= {Use.USED, Use.ABSENT}
    source = example(name).splitlines()
    for each in explained.lines:
        assert each.line == 0 or f"<{each.name}>" in source[each.line - 1]


@given(REPLIES)
def test_what_is_explained_is_what_is_understood(wanted: object) -> None:
    text = write(wanted)  # type: ignore[arg-type]
    body = text.encode()
    assert explain(body).reply == parse(body)
    assert explain_kept(text) == explain(body)


def test_every_parameter_has_the_meaning_of_the_reference() -> None:
    explained = reply("findme", "<id>5</id>")
    meanings = {each.name: each.means for each in explained.lines}
    for parameter in reference.FINDME.parameters:
        if parameter.name not in ("phone_list", "nextactionitem"):
            assert meanings[parameter.name] == parameter.description


def test_what_is_absent_shows_its_default() -> None:
    explained = reply("findme", "<phone_list>2223334444</phone_list>")
    timeout = line(explained, "timeout")
    assert (timeout.line, timeout.use, timeout.value) == (0, Use.ABSENT, "30")
    assert line(explained, "nextaction").value == "1: say that nobody is available and hang up"
    assert line(explained, "p_t").value == "stays as it was"


def test_a_stored_findme_keeps_what_the_reply_does_not_say() -> None:
    assert line(reply("findme", "<id>5</id>"), "timeout").value == "as the FindMe has it"


def test_what_is_out_of_bounds_shows_what_is_used_instead() -> None:
    timeout = line(reply("findme", "<id>5</id><timeout>90</timeout>"), "timeout")
    assert (timeout.text, timeout.value, timeout.use) == ("90", "60", Use.ADJUSTED)
    assert timeout.notes == ("<timeout> is 90, lowered to 60",)


def test_what_is_unknown_or_given_twice_is_ignored_and_says_so() -> None:
    explained = reply("hangup", "<colour>red</colour>")
    colour = line(explained, "colour")
    assert (colour.use, colour.value) == (Use.IGNORED, "")
    assert colour.notes == ("<colour> is not known in app hangup: ignored",)
    twice = told("<action><app>hangup</app><app>ivr</app></action>")
    assert [each.use for each in twice.lines if each.name == "app"] == [Use.USED, Use.IGNORED]


def test_aliases_are_told() -> None:
    explained = told(
        "<action><app>survo</app><parameter><id>102</id><pt>a|1||b|2</pt></parameter></action>"
    )
    assert line(explained, "app").value == "ivr"
    assert line(explained, "parameter").notes == ("<parameter> is read as <parameters>",)
    assert line(explained, "pt").value == "a = 1, b = 2"
    assert {each.use for each in explained.lines} <= {Use.USED, Use.ABSENT}


def test_ids_are_named_as_the_account_does() -> None:
    body = b"<action><app>ivr</app><parameters><question_id>7</question_id><id>102</id>"
    explained = explain(body + b"</parameters></action>", names=Account())
    assert line(explained, "id").value == "102: the IVR “Thanks”"
    assert line(explained, "question_id").value == "7: question 2, “Rating” of 102"


def test_user_parameters_say_where_they_are_heard() -> None:
    explained = reply(
        "ivr", "<id>1</id><user_parameters><city>Rome</city><city>Bonn</city></user_parameters>"
    )
    first, second = (each for each in explained.lines if each.name == "city")
    assert "@city" in first.means
    assert first.value == "Rome"
    assert (second.use, second.value) == (Use.IGNORED, "")


@pytest.mark.parametrize(
    ("body", "error", "at"),
    [
        ("<action>\n<app>ivr</app>\n<a></b></action>", "not well-formed", (3, 8)),
        ("<action>\n <app>fax</app></action>", "which is none of", (2, 0)),
        ("<action>\n <app> </app></action>", "<app> is empty", (2, 0)),
        ("\n<reply/>", "the root element is <reply>", (2, 0)),
        ("<action/>", "the reply has no <app>", (1, 0)),
        ("\n<!DOCTYPE action><action/>", "document type declaration", (2, 0)),
        ("<html><body>502</body></html>", "an HTML page", (0, 0)),
        ("", "the reply is empty", (0, 0)),
    ],
)
def test_an_error_says_where_it_is(body: str, error: str, at: tuple[int, int]) -> None:
    explained = told(body)
    assert error in explained.error
    assert explained.at == at
    assert explained.reply is None


@pytest.mark.parametrize(
    ("app", "parameters", "wrong", "missing"),
    [
        ("ivr", "", "parameters", ["id"]),
        ("ivr", "<id>abc</id>", "id", []),
        ("ivr", "<id/>", "id", []),
        ("transfer", "", "parameters", ["destination"]),
        ("findme", "<timeout>30</timeout>", "parameters", ["id", "phone_list"]),
    ],
)
def test_what_makes_a_reply_useless_is_marked(
    app: str, parameters: str, wrong: str, missing: list[str]
) -> None:
    explained = reply(app, parameters)
    assert explained.at == (3, 0)
    assert line(explained, wrong).use is Use.WRONG
    assert [each.name for each in explained.lines if each.use is Use.MISSING] == missing


def test_a_reply_without_an_app_shows_that_it_is_missing() -> None:
    assert line(told("<action/>"), "app").use is Use.MISSING


def test_what_is_said_about_the_encoding_belongs_to_the_whole() -> None:
    explained = explain(b"<action><app>hangup</app></action>", charset="klingon")
    assert explained.notes == ("the HTTP header names an encoding that is not known: 'klingon'",)
    assert explained.reply is not None
    assert explained.reply.warnings == explained.notes


def test_what_is_too_long_to_be_read_is_told() -> None:
    body = ("One sentence of it. " * 300).encode()
    message = spoken_message(body, "text/plain", "utf-8")
    assert message.text == spoken_text(body, "text/plain", "utf-8")
    assert len(message.text) <= 4000
    assert f"{message.text} {message.cut}" == body.decode().strip()
    assert not message.is_html


def test_html_is_known_as_such() -> None:
    message = spoken_message(b"<p>Hello</p><script>no()</script>", "", "")
    assert (message.text, message.cut, message.is_html) == ("Hello", "", True)
