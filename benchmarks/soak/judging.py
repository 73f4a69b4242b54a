"""Whether a soak went well: a line fitted through memory, rows against what phones did. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from statistics import linear_regression
from typing import Final

from benchmarks.soak.rows import Found
from benchmarks.soak.samples import Process, Sample
from benchmarks.soak.script import Call, Left, Reply
from benchmarks.targets import Target

MIB: Final = 1 << 20
MOST_GROWTH: Final[Mapping[str, float]] = {"controller": 6.0, "asterisk": 6.0}
"""MiB of its own memory by which a process may grow in an hour, once it is warm."""

MOST_MORE_DESCRIPTORS: Final = 8
"""How many more than before the first call may stay open: pools of connections that have grown."""

MOST_MORE_THREADS: Final = 16
"""Likewise: threads that wait in pools."""

LEAST_MINUTES: Final = 30
"""A load that is shorter says nothing of memory: everything is still warming up."""

_LEAST_FOR_A_LINE: Final = 3


@dataclass(frozen=True, slots=True)
class Story:
    """What phones, web server and database tell when all is over.

    Attributes:
        calls: that were made.
        failures: what went wrong for callers, by their number.
        seen: for each caller the webhook ids that the web server got, and what it did.
    """

    calls: Sequence[Call]
    failures: Mapping[str, str]
    seen: Mapping[str, Sequence[tuple[str, Reply]]]
    found: Found

    def complaints(self) -> Iterator[tuple[Call, str]]:
        """Whatever is not as it must be, call by call."""
        for call in self.calls:
            for what in self._of(call):
                yield call, what

    def _of(self, call: Call) -> Iterator[str]:
        if why := self.failures.get(call.caller):
            yield f"phone: {why}"
        count = self.found.calls.get(call.caller, 0)
        if count != 1:
            yield f"{count} rows for the call"
        wanted, left = call.behaviour.left, self.found.left.get(call.caller, Left())
        for each in fields(Left):
            want, got = getattr(wanted, each.name), getattr(left, each.name)
            if want != got:
                yield f"{each.name}: {got} instead of {want}"
        yield from self._of_webhook(call)

    def _of_webhook(self, call: Call) -> Iterator[str]:
        seen, replies = self.seen.get(call.caller, ()), call.behaviour.replies
        ids = frozenset(webhook_id for webhook_id, _ in seen)
        if tuple(reply for _, reply in seen) != replies:
            yield f"webhook: {len(seen)} requests instead of {len(replies)}"
        if len(ids) > 1 or ids != self.found.webhook_ids.get(call.caller, frozenset()):
            yield "webhook: other ids at the web server than in the database, or several"

    @property
    def strangers(self) -> int:
        """Calls in the database that no phone made."""
        return len(self.found.calls.keys() - {call.caller for call in self.calls})

    @property
    def delivered(self) -> Counter[str]:
        """How often each webhook was accepted, by id."""
        return Counter(
            webhook_id
            for seen in self.seen.values()
            for webhook_id, reply in seen
            if reply.accepted
        )

    def totals(self) -> Iterator[tuple[str, int, int]]:
        """Name, wanted and found number of each sort of row."""
        yield "calls", len(self.calls), sum(self.found.calls.values())
        wanted = map(sum, zip(*(astuple(call.behaviour.left) for call in self.calls), strict=True))
        rows = [astuple(left) for left in self.found.left.values()] or [astuple(Left())]
        got = map(sum, zip(*rows, strict=True))
        for each, want, have in zip(fields(Left), wanted, got, strict=True):
            yield each.name, want, have


def slope(samples: Sequence[Sample], process: str) -> float:
    """MiB of its own memory by which a process grew in an hour, over the second half of the load.

    The first half is warm-up: caches, pools and the allocator's arenas fill.
    """
    load = [sample for sample in samples if sample.phase == "load"]
    half = load[len(load) // 2 :]
    if len(half) < _LEAST_FOR_A_LINE:
        return 0.0
    hours = [sample.seconds / 3600 for sample in half]
    return linear_regression(hours, [s.processes[process].own / MIB for s in half]).slope


def targets(samples: Sequence[Sample], story: Story) -> Iterator[Target]:
    """Compare what was measured with what must hold."""
    idle, end = samples[0], samples[-1]
    judged = max(each.seconds for each in samples if each.phase != "end") >= LEAST_MINUTES * 60
    for name, most in MOST_GROWTH.items() if judged else ():
        grown = slope(samples, name)
        yield Target(
            f"{name}: own memory, line through the second half of the load",
            f"under {most:g} MiB/h",
            f"{grown:+.1f} MiB/h",
            grown < most,
        )
    for name in MOST_GROWTH:
        yield from _back(name, idle.processes[name], end.processes[name])
    left = f"{end.channels} channels, {end.bridges} bridges, {end.live} calls, {end.spool} files"
    yield Target(
        "left in Asterisk and the controller: channels, bridges, calls, recordings",
        "0",
        left,
        not (end.channels or end.bridges or end.live or end.spool),
    )
    yield from _rows(story)
    yield _exactly_once(story)
    yield Target(
        "records that could not be stored",
        "0",
        str(end.lost + end.queued),
        not end.lost + end.queued,
    )


def _back(name: str, idle: Process, end: Process) -> Iterator[Target]:
    for what, before, after, more in (
        ("descriptors", idle.descriptors, end.descriptors, MOST_MORE_DESCRIPTORS),
        ("threads", idle.threads, end.threads, MOST_MORE_THREADS),
    ):
        yield Target(
            f"{name}: {what} after the last call, over those before the first",
            f"at most {more} more",
            f"{before} → {after}",
            after <= before + more,
        )


def _rows(story: Story) -> Iterator[Target]:
    wrong = {call.caller for call, _ in story.complaints()}
    yield Target(
        "every call went as its phone meant, and left the rows that it should",
        "0 wrong",
        f"{len(wrong)} of {len(story.calls)} wrong, {story.strangers} unknown",
        not wrong and not story.strangers,
    )
    unfinished = ", ".join(f"{count} {what}" for what, count in story.found.open.items())
    yield Target("nothing is left unfinished", "nothing", unfinished or "nothing", not unfinished)


def _exactly_once(story: Story) -> Target:
    wanted = sum(any(r.accepted for r in call.behaviour.replies) for call in story.calls)
    delivered = story.delivered
    twice = sum(count > 1 for count in delivered.values())
    return Target(
        "webhooks accepted by the web server, each `webhook-id` once",
        f"{wanted}, 0 twice",
        f"{len(delivered)}, {twice} twice",
        len(delivered) == wanted and not twice,
    )
