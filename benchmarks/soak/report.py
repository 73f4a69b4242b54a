"""The tables of ``make bench ARGS=--soak``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from benchmarks.report import table
from benchmarks.soak.judging import MIB, Story
from benchmarks.soak.samples import Sample

_ROWS_SHOWN: Final = 12


def told(sample: Sample) -> str:
    """One sample while the soak is going on."""
    sizes = "; ".join(
        f"{name} {each.own / MIB:.1f} MiB of its own, {each.descriptors} descriptors, "
        f"{each.threads} threads"
        for name, each in sample.processes.items()
    )
    return (
        f"{sample.seconds / 60:5.1f} min, {sample.phase}: {sample.rows.get('calls', 0)} calls, "
        f"{sample.callers} up; {sizes}; {sample.channels} channels, {sample.bridges} bridges, "
        f"{sample.spool} recordings in Asterisk, {sample.queued} records wait; "
        f"{sample.late} of {sample.looks} looks at the loop late"
    )


def sample_table(samples: Sequence[Sample]) -> str:
    """Some of the samples, evenly spread; the first and the last are among them."""
    step = max(1, round(len(samples) / _ROWS_SHOWN))
    shown = [*samples[:-1:step], samples[-1]]
    rows = [
        [
            f"{sample.seconds / 60:.0f}",
            sample.phase,
            str(sample.rows.get("calls", 0)),
            f"{sample.processes['controller'].own / MIB:.1f}",
            f"{sample.processes['asterisk'].own / MIB:.1f}",
            *(
                f"{sample.processes[name].descriptors} / {sample.processes[name].threads}"
                for name in ("controller", "asterisk")
            ),
            f"{sample.channels} / {sample.bridges}",
            str(sample.spool),
            f"{sample.database / MIB:.1f}",
        ]
        for sample in shown
    ]
    head = ["min", "phase", "calls", "controller, MiB", "Asterisk, MiB", "controller: fd / threads"]
    head += ["Asterisk: fd / threads", "channels / bridges", "recordings", "database, MiB"]
    return table(head, rows)


def rows_table(story: Story) -> str:
    """What the phones have earned, and what is there."""
    rows = [[name, str(want), str(have)] for name, want, have in story.totals()]
    return table(["rows", "as phones did", "in the database"], rows)


def kinds_table(story: Story) -> str:
    """How many calls of each kind there were, and how many were wrong."""
    made = Counter(call.kind for call in story.calls)
    wrong = Counter(call.kind for call in {call for call, _ in story.complaints()})
    rows = [[kind.value, str(count), str(wrong[kind])] for kind, count in made.most_common()]
    return table(["calls", "made", "wrong"], rows)
