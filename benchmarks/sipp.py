"""Run SIPp, and read from its short message log when each call was answered and ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.load import Load
from benchmarks.script import Caller
from ivrserver.programs import Program

SCENARIO: Final = Path(__file__).with_name("scenario.xml")
_FIELDS: Final = 7
_LOG: Final = "messages.log"
ANSWERS: Final = "answers.pipe"


@dataclass(slots=True)
class Signalling:
    """What SIPp saw of one call, as times of `time.time`; 0: never.

    Attributes:
        invited: the first INVITE went out.
        answered: its 200 came in.
        refused: its 503 came in.
        hung_up: the first BYE, in either direction.
        closed: the BYE's 200, in either direction: the call went as the scenario says.
    """

    invited: float = 0.0
    answered: float = 0.0
    hung_up: float = 0.0
    closed: float = 0.0
    refused: float = 0.0


def injection(callers: Sequence[Caller], ports: Sequence[int]) -> str:
    """SIPp's CSV file: one line per call, in order."""
    lines = [
        f"{port};{caller.number};{'leave' if caller.leaves else 'stay'}"
        for caller, port in zip(callers, ports, strict=True)
    ]
    return "\n".join(["SEQUENTIAL", *lines, ""])


def parse(lines: Iterable[str]) -> Mapping[int, Signalling]:
    """Read the short message log.

    A line holds, separated by tabs: date, time, seconds since 1970, S or R, Call-ID, CSeq, first
    line of the message. The Call-ID begins with the call's number, from 1.

    Returns:
        By the index of the call, from 0.
    """
    calls: dict[int, Signalling] = {}
    for line in lines:
        fields = line.rstrip("\n").split("\t")
        if len(fields) < _FIELDS:
            continue
        at, call_id, sequence, first = float(fields[2]), *fields[4:_FIELDS]
        index = int(call_id.partition("-")[0]) - 1
        _note(calls.setdefault(index, Signalling()), at, sequence.split()[-1], first)
    return calls


def _note(call: Signalling, at: float, method: str, first: str) -> None:
    if first.startswith("INVITE"):
        call.invited = call.invited or at
    elif first.startswith("BYE"):
        call.hung_up = call.hung_up or at
    elif first.startswith("SIP/2.0 200") and method == "INVITE":
        call.answered = call.answered or at
    elif first.startswith("SIP/2.0 503") and method == "INVITE":
        call.refused = call.refused or at
    elif first.startswith("SIP/2.0 200") and method == "BYE":
        call.closed = call.closed or at


async def place(
    program: Program, folder: Path, load: Load, number: str, target: int
) -> Mapping[int, Signalling]:
    """Place the calls of ``callers.csv`` in `folder` to `number` at port `target`; wait for all.

    The moment a call is answered, SIPp writes its number and Asterisk's audio port into the named
    pipe `ANSWERS` in `folder`.
    """
    log = folder / _LOG
    log.unlink(missing_ok=True)
    with (folder / "sipp.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *program.argv, f"127.0.0.1:{target}", "-i", "127.0.0.1", "-t", "u1", "-nostdin",
            "-sf", str(SCENARIO), "-inf", "callers.csv", "-s", number, "-cid_str", "%u-%p@%s",
            "-m", str(load.count), "-r", f"{load.rate:.3f}", "-l", str(load.limit),
            "-timeout", f"{load.seconds:.0f}s",
            "-trace_shortmsg", "-shortmessage_file", _LOG, "-shortmessage_overwrite", "true",
            "-trace_logs", "-log_file", ANSWERS, "-log_overwrite", "true",
            cwd=folder,
            env={**os.environ, **program.env, "TERM": "dumb"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )  # fmt: skip
    try:
        await asyncio.wait_for(process.wait(), load.seconds + 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if not log.exists():
        tail = (folder / "sipp.log").read_text(errors="replace")[-1000:]
        raise RuntimeError(f"SIPp placed no call:\n{tail}")
    with log.open(encoding="utf-8", errors="replace") as lines:
        return parse(lines)
