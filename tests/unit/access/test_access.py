"""Rights, names, passwords and keys, as values."""

from __future__ import annotations

import pytest

from ivrserver.access import (
    Author,
    Right,
    Role,
    Visitor,
    Way,
    checked_name,
    checked_password,
    checked_rights,
    checked_role,
    digest,
    http_token_visitor,
    make_key,
    make_token,
    meaning,
    read_key,
    rights_of,
)
from ivrserver.errors import UserRefused


def test_each_role_may_do_what_the_one_before_may_and_an_admin_everything() -> None:
    assert rights_of(Role.VIEWER) < rights_of(Role.EDITOR) < rights_of(Role.ADMIN)
    assert rights_of(Role.ADMIN) == frozenset(Right)


def test_a_viewer_may_change_nothing() -> None:
    assert all(right.value.endswith(":read") for right in rights_of(Role.VIEWER))


def test_users_belong_to_admins_alone() -> None:
    assert Right.USERS_WRITE not in rights_of(Role.EDITOR)


def test_every_right_says_what_it_allows() -> None:
    assert len({meaning(right) for right in Right}) == len(Right)


def test_unknown_roles_and_rights_are_refused_with_those_that_there_are() -> None:
    with pytest.raises(UserRefused, match="viewer, editor, admin") as role:
        checked_role("boss")
    with pytest.raises(UserRefused, match="calls:read, calls:write"):
        checked_rights(["calls:read", "x"])
    with pytest.raises(UserRefused, match="at least one"):
        checked_rights([])
    assert role.value.field == "role"


@pytest.mark.parametrize("name", ["a", "mia", "desk-2", "a_b", "x" * 32])
def test_users_are_called_as_phones_are(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", ["", "Mia", "2desk", "-x", "a b", "a@b", "x" * 33, "mia\n", "é"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UserRefused, match="a user's name is 1 to 32"):
        checked_name(name)


@pytest.mark.parametrize(
    "password",
    ["four green ducks", "correct horse", "Grüße aus Wien", "x7#kQ9!pLm"],
)
def test_long_passwords_are_taken(password: str) -> None:
    assert checked_password(password, "mia") == password


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least 10 characters"),
        ("x7#kQ9!pL", "at least 10 characters"),
        ("word " * 50, "at most 200"),
        ("aaaaaaaaaaaa", "repeats"),
        ("abababababab", "repeats"),
        ("bartholomew", "user's name"),
        ("Bartholomew2030!", "user's name"),
        ("password123", "tried first"),
        ("1!Passw0rd!1", "tried first"),
        ("Qwertyuiop", "tried first"),
        ("1234567890", "tried first"),
        ("0987654321", "tried first"),
        ("abcdefghijk", "tried first"),
    ],
)
def test_passwords_that_are_guessed_are_refused_with_the_reason(password: str, why: str) -> None:
    with pytest.raises(UserRefused, match=why) as refused:
        checked_password(password, "bartholomew")
    assert refused.value.field == "password"
    assert password not in str(refused.value)


def test_a_password_is_the_same_whatever_keyboard_wrote_its_accents() -> None:
    composed, decomposed = "caf\u00e9 au lait", "cafe\u0301 au lait"
    assert checked_password(decomposed, "") == checked_password(composed, "") == composed


def test_a_key_is_known_again_by_its_id_and_the_hash_of_its_secret() -> None:
    key = make_key()
    shown = read_key(key.text)
    assert shown is not None
    assert (shown.key_id, shown.digest) == (key.key_id, key.digest)
    assert key.digest not in key.text
    assert key.text not in repr(key)
    assert key.digest not in repr(shown)


def test_keys_and_tokens_differ_each_time() -> None:
    assert len({make_key().text for _ in range(50)} | {make_token() for _ in range(50)}) == 100
    assert digest("a") != digest("b")


@pytest.mark.parametrize("text", ["", "ivr_", "ivr_x_y", "Bearer x", "ivr_abcdefghij_" + "x" * 31])
def test_what_is_no_key_is_none(text: str) -> None:
    assert read_key(text) is None


def test_who_makes_a_change_is_named_with_the_way_they_came() -> None:
    person = Visitor("mia", Role.EDITOR, rights_of(Role.EDITOR), session="s", address="192.0.2.7")
    program = Visitor("mia", Role.EDITOR, frozenset({Right.CALLS_READ}), Way.KEY, key="ci")
    assert person.author == Author("mia", "portal", "192.0.2.7")
    assert program.author == Author("mia", "key ci", "")
    assert http_token_visitor("::1").author == Author("http.token", "api", "::1")


def test_a_visitor_may_do_what_its_rights_say() -> None:
    program = Visitor("mia", Role.ADMIN, frozenset({Right.CALLS_READ}), Way.KEY, key="ci")
    assert program.may(Right.CALLS_READ)
    assert not program.may(Right.USERS_WRITE)
    assert all(map(http_token_visitor("").may, Right))
