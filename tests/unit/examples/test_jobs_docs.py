"""What the pages about jobs say is what the program does."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ivrserver import resources
from ivrserver.config import RetentionSettings, Settings
from ivrserver.flow.jobs import JobState
from ivrserver.flow.records import NO_REPLY_KNOWN
from ivrserver.jobs import dispatcher, upkeep, workflows
from ivrserver.jobs.build import Needs, kinds
from ivrserver.jobs.kinds import Kind
from ivrserver.storage import retention

DOCS = resources.folder("examples").parent / "docs"
UNITS = {"s": 1, "min": 60, "h": 3600}


def page(name: str) -> str:
    return " ".join((DOCS / name).read_text(encoding="utf-8").split())


def rows(name: str, header: str) -> list[list[str]]:
    """The cells of the table that begins with `header`."""
    lines = (DOCS / name).read_text(encoding="utf-8").splitlines()
    (start, *_) = (at for at, line in enumerate(lines) if line.startswith(header))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return found


def seconds(pauses: str) -> list[float]:
    """``5 s, 30 s, 2, 5 min`` as seconds."""
    found: list[float] = []
    unit = 1
    for number, named in reversed(re.findall(r"(\d+)(?: (s|min|h)\b)?", pauses)):
        unit = UNITS[named] if named else unit
        found.insert(0, float(number) * unit)
    return found


def every_kind(tmp_path: Path) -> dict[str, Kind]:
    nothing: Any = SimpleNamespace()
    parts: Any = dict.fromkeys(
        ("database", "journal", "library", "webhooks", "transcriber", "end", "clock"), nothing
    )
    recordings: Any = SimpleNamespace(read=None, delete=None)
    needs = Needs(settings=Settings(data=tmp_path), recordings=recordings, **parts)
    engine: Any = SimpleNamespace(forget=None)
    return {kind.name: kind for kind in kinds(needs, engine)}


def test_every_kind_is_there_with_its_slots_and_pauses(tmp_path: Path) -> None:
    known = every_kind(tmp_path)
    told = rows("reference/jobs.md", "| kind |")
    assert [row[0] for row in told] == list(known)
    for name, _, _, at_once, again in told:
        kind = known[name]
        slots = [int(number) for number in re.findall(r"\d+", at_once)]
        assert (slots[0], slots[-1]) == (kind.slots, kind.lane_slots)
        pauses, _, end = again.partition(", for ")
        each = seconds(pauses.replace("every hour", "1 h"))
        # "for ever" is longer than anybody waits for a job.
        hours = int(end.split()[0]) if end != "ever" else 24 * 36_500
        assert tuple(each) == tuple(map(float, kind.schedule.pauses)), name
        assert kind.schedule.give_up_after == timedelta(hours=hours)
        assert kind.schedule.jitter == 0.2


def test_every_state_is_there() -> None:
    assert [row[0] for row in rows("reference/jobs.md", "| state |")] == list(JobState)


def test_the_numbers_of_the_explanation_are_those_of_the_program() -> None:
    text = page("explanation/jobs.md")
    assert dispatcher.LOOK_SECONDS == 1
    assert f"less than {dispatcher.STOP_SECONDS:g} s" in text
    assert (dispatcher.CHECK_SECONDS, "within half a minute" in text) == (30, True)
    assert (workflows.DEATHS, "three times" in text) == (3, True)
    assert f"`{NO_REPLY_KNOWN}`" in text
    assert f"deletes {retention.BATCH} calls at a time" in text
    assert timedelta(hours=1) == upkeep.RETENTION_EVERY
    assert timedelta(minutes=5) == upkeep.UPKEEP_EVERY
    assert upkeep.OVERDUE_AFTER == upkeep.FORGET_AFTER == timedelta(hours=1)


def test_the_example_of_days_to_keep_can_be_used() -> None:
    text = (DOCS / "explanation" / "jobs.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    settings = RetentionSettings(**tomllib.loads(example)["retention"])
    assert (settings.recordings, settings.answers, settings.calls) == (30, 90, 365)
    assert f"after {settings.jobs} days" in text
