"""When do keys make an answer? A sans-I/O machine: keys and times in, verdicts out (SPEC §3).

Times are seconds of any steady clock; the machine never reads one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ivrserver.blocks.patterns import matches


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitRule:
    """What counts as an answer.

    Attributes:
        shortest: least number of keys.
        longest: number of keys that ends the answer at once.
        terminator: key that ends a shorter answer; empty: none.
        first: seconds from the end of the prompt to the first key.
        between: seconds from one key to the next before the answer is taken as it is.
        allowed: the only answers that count; empty: every one of digits. One that no longer one
            begins with ends the input at once.
        pattern: the whole answer must match this regular expression; empty: no condition.
    """

    shortest: int = 1
    longest: int = 1
    terminator: str = ""
    first: float = 5.0
    between: float = 3.0
    allowed: frozenset[str] = frozenset()
    pattern: str = ""


class Ending(Enum):
    """How the caller's input ended; the value is the reason on the timeline."""

    LAST_DIGIT = "the last digit"
    TERMINATOR = "the terminator key"
    PAUSE = "a pause after the last digit"
    NO_INPUT = "no key in time"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The finished input.

    Attributes:
        keys: what was typed, without the terminator.
        ending: why it is finished.
        problem: why it does not count; empty: it counts.
    """

    keys: str = field(repr=False)
    ending: Ending
    problem: str = ""

    @property
    def counts(self) -> bool:
        """Whether this is an allowed answer."""
        return not self.problem


class DigitMachine:
    """Collects the keys of one try at one question.

    Call `begin` when the prompt has ended, `feed` for each key, `expire` when `deadline` has
    passed. The first call that returns a `Verdict` ends it; later ones return the same verdict.
    """

    def __init__(self, rule: DigitRule) -> None:
        self._rule = rule
        self._keys = ""
        self._verdict: Verdict | None = None
        self.deadline: float | None = None
        """When `expire` is due; None: nothing is timed yet, or the input is finished."""

    @property
    def keys(self) -> str:
        """The keys so far."""
        return self._keys

    def begin(self, now: float) -> None:
        """The prompt has ended: from here on silence is timed. Keys fed earlier count."""
        if self._verdict is None:
            wait = self._rule.between if self._keys else self._rule.first
            self.deadline = now + wait

    def feed(self, key: str, now: float) -> Verdict | None:
        """The caller pressed `key`, one of ``0-9*#ABCD``."""
        if self._verdict is not None:
            return self._verdict
        if key == self._rule.terminator:
            return self._end(Ending.TERMINATOR)
        self._keys += key
        if len(self._keys) >= self._rule.longest or self._nothing_can_follow():
            return self._end(Ending.LAST_DIGIT)
        self.deadline = now + self._rule.between
        return None

    def expire(self, now: float) -> Verdict | None:
        """Time passed. Returns None when `deadline` is not reached or nothing is timed."""
        if self._verdict is not None:
            return self._verdict
        if self.deadline is None or now < self.deadline:
            return None
        return self._end(Ending.PAUSE if self._keys else Ending.NO_INPUT)

    def _end(self, ending: Ending) -> Verdict:
        self.deadline = None
        problem = "" if ending is Ending.NO_INPUT else self._problem()
        self._verdict = Verdict(self._keys, ending, problem)
        return self._verdict

    def _nothing_can_follow(self) -> bool:
        keys, allowed = self._keys, self._rule.allowed
        return keys in allowed and not any(
            len(longer) > len(keys) and longer.startswith(keys) for longer in allowed
        )

    def _problem(self) -> str:
        rule = self._rule
        if len(self._keys) < rule.shortest:
            return f"{len(self._keys)} of at least {rule.shortest} keys"
        if rule.allowed:
            return "" if self._keys in rule.allowed else "not one of the allowed answers"
        if not (self._keys.isascii() and self._keys.isdigit()):
            return "a key that is not a digit"
        if rule.pattern and not matches(rule.pattern, self._keys):
            return "does not match the pattern"
        return ""
