"""What has changed is shown place by place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ivrserver.web.access.difference import Difference, differences

BLOCK = {
    "id": 7, "name": "Survey", "keys": ["1", "2"],
    "questions": [{"id": 1, "prompt": {"text": "Hello"}}, {"id": 2, "prompt": {"text": "Bye"}}],
}  # fmt: skip


def changed(**values: object) -> dict[str, object]:
    return json.loads(json.dumps(BLOCK)) | values


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"role": "viewer", "disabled": False}, {"role": "editor", "disabled": False},
         [("role", "viewer", "editor")]),
        (None, {"role": "viewer", "disabled": False},
         [("role", None, "viewer"), ("disabled", None, "false")]),
        ({"role": "viewer"}, None, [("role", "viewer", None)]),
        (None, None, []),
        (BLOCK, changed(name="Poll"), [("name", "Survey", "Poll")]),
        (BLOCK, changed(keys=["1"]), [("keys", '["1", "2"]', '["1"]')]),
        (BLOCK, changed(questions=BLOCK["questions"][1:]),
         [("questions #1 / id", "1", None), ("questions #1 / prompt / text", "Hello", None)]),
        (BLOCK, changed(questions=BLOCK["questions"][::-1]),
         [("questions / order", "#1, #2", "#2, #1")]),
        ({"a": [{"x": 1}]}, {"a": [{"x": 1}, {"x": 2}]}, [("a [2] / x", None, "2")]),
        ({"a": 1}, {"a": True}, [("a", "1", "true")]),
        ({"a": {}}, {"a": None}, [("a", "{}", "null")]),
        ({"a": "x" * 3000}, {"a": ""}, [("a", "x" * 2000 + "…", "")]),
    ],
)  # fmt: skip
def test_each_place_is_shown_with_what_was_and_is_there(
    before: object, after: object, expected: list[tuple[str, str | None, str | None]]
) -> None:
    assert differences(before, after) == [Difference(*each) for each in expected]


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=5),
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_there_is_something_to_show_only_where_values_differ(before: object, after: object) -> None:
    same = json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    assert (differences(before, after) == []) == same
    assert differences(before, before) == []
