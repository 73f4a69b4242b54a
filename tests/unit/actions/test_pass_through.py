"""Pass-through data, as people read it."""

from __future__ import annotations

import pytest

from ivrserver.actions.pass_through import pairs


@pytest.mark.parametrize(
    ("data", "result"),
    [
        ("user_id|90786||step|verify_user", (("user_id", "90786"), ("step", "verify_user"))),
        ("", ()),
        ("just text", (("just text", ""),)),
        ("a|", (("a", ""),)),
        ("a|1||a|2", (("a", "1"), ("a", "2"))),
        ("a|b|c", (("a", "b|c"),)),
        ("||a|1||", (("a", "1"),)),
    ],
)
def test_pairs_are_read_in_order(data: str, result: tuple[tuple[str, str], ...]) -> None:
    assert pairs(data) == result
