"""Numbers are shown as people read them."""

from __future__ import annotations

import pytest

from ivrserver.blocks.numbers import readable


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("2125550123", "(212) 555-0123"),
        ("493012345678", "+49 30 12345678"),
        ("204", "204"),
        ("911", "911"),
        ("sample", "sample"),
        ("", ""),
        ("99999999999999999999", "99999999999999999999"),
    ],
)
def test_a_number_is_shown_as_people_read_it(number: str, shown: str) -> None:
    assert readable(number) == shown
