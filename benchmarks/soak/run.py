"""A soak from its plan to its tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.report import machine
from benchmarks.soak.contest import FAILURES, Plan, soak
from benchmarks.soak.judging import targets
from benchmarks.soak.report import kinds_table, rows_table, sample_table
from benchmarks.targets import target_table
from ivrserver.config import Settings


async def run(
    settings: Settings, folder: Path, plan: Plan, say: Callable[[str], None], *, postgres: bool
) -> bool:
    """Run a soak and print what came out; return whether every target holds."""
    version, samples, story = await soak(settings, folder, plan, say, postgres=postgres)
    say(f"\nMeasured on {machine(version)}.\n")
    say(kinds_table(story) + "\n")
    say(sample_table(samples) + "\n")
    say(rows_table(story) + "\n")
    found = list(targets(samples, story))
    say(target_table(found))
    complaints = [f"{call.kind}, {call.caller}: {what}" for call, what in story.complaints()]
    for each in complaints[:20]:
        say(each)
    if complaints:
        say(f"all {len(complaints)} are in {folder / FAILURES}")
    return all(target.holds for target in found)
