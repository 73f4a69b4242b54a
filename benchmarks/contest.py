"""One run of one contestant, from the orders to what became of each call."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from benchmarks import script, sipp, sound
from benchmarks.figures import Contestant, Run
from benchmarks.load import Load
from benchmarks.media import Report
from benchmarks.outcome import Answers, Outcome
from benchmarks.script import Caller, Keying, Line
from benchmarks.sipp import Signalling
from benchmarks.usage import Meter
from benchmarks.web import WebhookServer
from ivrserver.programs import Program
from ivrserver.telephony.asterisk import Asterisk

FAILURES: Final = "failures.txt"
_LAST_WEBHOOK_SECONDS: Final = 5.0
_MOST_CALLS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that is up while runs are made.

    Attributes:
        pids: of ``asterisk`` and ``controller``.
        at_rest: their resident memory in bytes before the first call.
        keying: how callers press keys.
        first: number of the first run: callers' numbers of several benches are kept apart by it.
        prompts: the frames of each prompt.
    """

    asterisk: Asterisk
    web: WebhookServer
    pids: Mapping[str, int]
    at_rest: Mapping[str, int]
    program: Program
    prompts: Sequence[Sequence[bytes]]
    folder: Path
    keying: Keying
    first: int = 0
    _numbers: Iterator[int] = field(default_factory=count)

    async def run(self, contestant: Contestant, line: Line, load: Load) -> Run:
        """Place calls to one contestant and gather what became of them."""
        callers = script.callers(line, load.count, (self.first + next(self._numbers)) * _MOST_CALLS)
        engine, listening = await self._engine(line, callers)
        injection = sipp.injection(callers, listening)
        (self.folder / "callers.csv").write_text(injection, encoding="utf-8")
        port = self.asterisk.settings.sip.port
        number = line.server if contestant == "server" else line.plain
        try:
            async with Meter(self.pids) as meter:
                seen = await sipp.place(self.program, self.folder, load, number, port)
                if line.webhook:
                    await self._webhooks(callers)
            output, _ = await engine.communicate(b"\n")
        finally:
            if engine.returncode is None:
                engine.kill()
                await engine.wait()
        played = json.loads(output)
        outcomes = self._outcomes(contestant, line, callers, seen, played["reports"])
        with (self.folder / FAILURES).open("a", encoding="utf-8") as file:
            file.writelines(f"{why}: {each}\n" for each in outcomes if (why := each.failure()))
        return Run(
            contestant,
            line,
            load,
            outcomes,
            meter.cpu,
            {name: meter.peak[name] - self.at_rest[name] for name in self.pids},
            max(played["lateness"], default=0.0),
        )

    async def _engine(
        self, line: Line, callers: Sequence[Caller]
    ) -> tuple[asyncio.subprocess.Process, Sequence[int]]:
        """Start the media engine; gives its process and each call's port."""
        prompts = self.prompts[: len(line.questions)]
        lengths = [len(frames) * sound.FRAME_SECONDS for frames in prompts]
        orders = {
            "prompts": [[frame.hex() for frame in frames] for frames in prompts],
            "keys": [("", *caller.answers) for caller in callers],
            "after": [caller.presses_after(lengths) for caller in callers],
            "held": round(self.keying.held / sound.FRAME_SECONDS),
            "pause": round(self.keying.pause / sound.FRAME_SECONDS),
        }
        pipe = self.folder / sipp.ANSWERS
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
        engine = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.media", str(pipe),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26,
        )  # fmt: skip
        if engine.stdin is None or engine.stdout is None:
            raise RuntimeError("the media engine has no pipes")
        engine.stdin.write(json.dumps(orders).encode() + b"\n")
        await engine.stdin.drain()
        answer = await engine.stdout.readline()
        if not answer:
            raise RuntimeError("the media engine did not start; what it said is above")
        return engine, json.loads(answer)

    async def _webhooks(self, callers: Sequence[Caller]) -> None:
        """Wait for the last webhooks, but not for those that never come."""
        for _ in range(int(_LAST_WEBHOOK_SECONDS * 20)):
            if all(caller.number in self.web.deliveries for caller in callers):
                break
            await asyncio.sleep(0.05)

    def _outcomes(
        self,
        contestant: Contestant,
        line: Line,
        callers: Sequence[Caller],
        seen: Mapping[int, Signalling],
        reports: Sequence[Mapping[str, Any]],
    ) -> Sequence[Outcome]:
        known = Counter(where.prompt for where in sound.positions(self.prompts).values())
        lengths = [known[index] for index in range(len(self.prompts))]
        stored: Mapping[str, Answers] | None = None
        in_file = not self.asterisk.settings.database.url.get_secret_value()
        if contestant == "server" and line.webhook and in_file:
            stored = stored_answers(self.asterisk.settings.data / "ivrserver.db")
        return [
            Outcome(
                line,
                caller,
                seen.get(index, Signalling()),
                Report(**reports[index]),
                lengths,
                self.web.deliveries.get(caller.number),
                stored.get(caller.number, {}) if stored is not None else None,
            )
            for index, caller in enumerate(callers)
        ]


def stored_answers(database: Path) -> Mapping[str, Answers]:
    """The answers in the controller's database, by caller and question."""
    names = {index: question.name for index, question in enumerate(script.QUESTIONS, 1)}
    query = (
        "SELECT calls.caller_id, answers.question_id, answers.value FROM answers"
        " JOIN respondents USING (response_id) JOIN calls USING (call_id)"
    )
    found: dict[str, dict[str, str]] = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        for caller, question, value in connection.execute(query):
            found.setdefault(caller, {})[names[question]] = value
    return found
