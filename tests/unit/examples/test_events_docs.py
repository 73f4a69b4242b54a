"""What the documentation says of live events is what is sent."""

from __future__ import annotations

import json
import re

from ivrserver.flow.event_kinds import KINDS
from ivrserver.web.live import news, watch
from ivrserver.web.live.news import Topic
from tests.unit.examples.pages import ROOT

PAGE = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")


def test_every_type_is_described_once() -> None:
    assert re.findall(r"^\| `(\w+)` \| .* \| ", PAGE, re.MULTILINE) == list(Topic)


def test_the_example_is_an_event_as_it_is_sent() -> None:
    (example,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for line in example.splitlines() if line.startswith("data: ")]
    told = json.loads("\n".join(line.removeprefix("data: ") for line in lines))
    assert list(told) == ["call_id", "seq", "at", "kind", "leg_id", "data"]
    KINDS[told["kind"]](**told["data"])


def test_the_numbers_are_those_of_the_program() -> None:
    assert f"Of one name {watch.MOST_OF_ONE} streams may be open, of all {watch.MOST}" in PAGE
    assert f"the last {news.KEPT:,} events are kept" in PAGE
