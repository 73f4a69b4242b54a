"""What is published about flow files is what the program does."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator, ValidationError

from ivrserver.blocks import Account
from ivrserver.blocks.files import FlowSource, dump, load
from ivrserver.blocks.schema import json_schema_text
from tests.unit.blocks.accounts import accounts
from tests.unit.blocks.flow_reference import PAGE, SCHEMA, page
from tests.unit.blocks.sample import SAMPLE

ROOT = Path(__file__).parents[3]
RENEW = "run: .venv/bin/python -m tests.unit.blocks.flow_reference"
EXAMPLES = sorted((ROOT / "examples").glob("**/*.yaml"))
VALIDATOR = Draft202012Validator(json.loads(json_schema_text()))


def as_editors_see(text: str) -> Any:
    """The file as a YAML 1.2 editor validates it: keys are text."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def test_the_published_schema_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == json_schema_text(), RENEW
    Draft202012Validator.check_schema(json.loads(json_schema_text()))


def test_the_reference_page_is_current() -> None:
    current = PAGE.read_text(encoding="utf-8")
    assert current == page(current), RENEW


def test_the_example_on_the_reference_page_is_right() -> None:
    (example,) = re.findall("```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    account = load([FlowSource("flow-files.md", example.encode())])
    assert [block.block_id for block in account.blocks] == [100, 200]
    VALIDATOR.validate(as_editors_see(example))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_right_and_names_its_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert load([FlowSource(path.name, text.encode())]) != Account()
    VALIDATOR.validate(as_editors_see(text))
    (named,) = re.findall(r"^# yaml-language-server: \$schema=(.+)$", text, re.MULTILINE)
    assert (path.parent / named).resolve() == SCHEMA.resolve()


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(accounts())
def test_whatever_is_written_fits_the_schema(account: Account) -> None:
    VALIDATOR.validate(as_editors_see(dump(account)))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (["numbers", 0, "destination"], "nowhere"),
        (["numbers", 0, "lable"], "x"),
        (["blocks", 0, "questions", 1, "timeout"], -1),
        (["blocks", 0, "questions", 1, "type"], "digitz"),
        (["blocks", 0, "questions", 1, "invalid", "then"], {"question": "x"}),
        (["blocks", 0, "webhook", "mode"], "next_acton"),
        (["blocks", 0, "id"], 0),
    ],
)
def test_the_schema_marks_mistakes(path: list[Any], wrong: Any) -> None:
    tree = copy.deepcopy(as_editors_see(dump(SAMPLE)))
    place = tree
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = wrong
    with pytest.raises(ValidationError):
        VALIDATOR.validate(tree)
