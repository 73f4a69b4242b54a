"""``@name`` in prompts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.actions.substitution import substitute

KNOWN = {"first": "Ada", "firstname": "Grace", "last": "@first", "a.b": "Q", "n": "7", "é": "E"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Hello @first.", "Hello Ada."),
        ("@firstname", "Grace"),
        ("@firsts and @firstnames", "Adas and Graces"),
        ("@last", "@first"),
        ("@a.b.", "Q."),
        ("@é", "E"),
        ("@first@last", "Ada@first"),
        ("@@first", "@first"),
        ("@@@first", "@Ada"),
        ("me@example.com", "me@example.com"),
        ("me@first.com", "me@first.com"),
        ("(@first)", "(Ada)"),
        ("at 5 @ 3, @5, @", "at 5 @ 3, @5, @"),
        ("", ""),
    ],
)
def test_names_are_replaced(text: str, result: str) -> None:
    assert substitute(text, KNOWN) == (result, ())


def test_a_name_that_nobody_supplied_is_read_as_nothing_and_reported_once() -> None:
    assert substitute("Hi @name, @NAME and @name!", {}) == ("Hi ,  and !", ("name", "NAME"))


def test_upper_and_lower_case_differ() -> None:
    assert substitute("@First", KNOWN) == ("", ("First",))


def test_an_unknown_name_directly_after_a_value_is_text() -> None:
    assert substitute("@first@example.com", KNOWN) == ("Ada@example.com", ())


def test_an_empty_name_is_never_a_parameter() -> None:
    assert substitute("@ @", {"": "x"}) == ("@ @", ())


@given(st.text("@ab_ 1"), st.dictionaries(st.text("ab_1", max_size=3), st.text("@ab", max_size=4)))
def test_text_without_a_sign_is_untouched_and_values_are_never_looked_at(
    text: str, parameters: dict[str, str]
) -> None:
    result, missing = substitute(text, parameters)
    if "@" not in text:
        assert (result, missing) == (text, ())
    marked = dict.fromkeys(parameters, "<")
    assert substitute(text, marked)[1] == missing


@given(st.text(min_size=1))
def test_a_text_escaped_by_doubling_is_read_as_it_was(text: str) -> None:
    assert substitute(text.replace("@", "@@"), KNOWN) == (text, ())
