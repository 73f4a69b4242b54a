"""CPU time and memory of running processes, from ``/proc`` (proc(5))."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ivrserver.errors import SetupError

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_INTERVAL: Final = 0.25


def cpu_seconds(stat: str) -> float:
    """CPU time of a process with all its threads, without its children, from its ``stat``."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def resident(stat: str) -> int:
    """Resident memory in bytes, from a process's ``stat``."""
    return int(stat.rpartition(")")[2].split()[21]) * _PAGE


def busy_seconds(stat: str) -> float:
    """CPU time that all cores together have spent on anything, from the machine's ``stat``."""
    times = [int(field) for field in stat.partition("\n")[0].split()[1:9]]
    user, nice, kernel, _idle, _waiting, interrupts, soft, stolen = times
    return (user + nice + kernel + interrupts + soft + stolen) * _TICK


def generator_seconds() -> float:
    """CPU time of this program, the web server, and of all that it started and that has ended."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def read(pid: int) -> str:
    """The ``stat`` of a process.

    Raises:
        SetupError: it has ended, so nothing can be measured.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text()
    except OSError as error:
        raise SetupError(f"process {pid} ended in the middle of the measurement") from error


@dataclass(slots=True)
class Meter:
    """Measures named processes while its context is open.

    Attributes:
        cpu: seconds of CPU time used, by name.
        peak: the most resident memory in bytes, by name.
    """

    pids: Mapping[str, int]
    cpu: dict[str, float] = field(default_factory=dict)
    peak: dict[str, int] = field(default_factory=dict)
    _before: dict[str, str] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._before = {name: read(pid) for name, pid in self.pids.items()}
        self.peak = dict.fromkeys(self.pids, 0)
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
        for name, pid in self.pids.items():
            self.cpu[name] = cpu_seconds(read(pid)) - cpu_seconds(self._before[name])

    async def _watch(self) -> None:
        while True:
            for name, pid in self.pids.items():
                self.peak[name] = max(self.peak[name], resident(read(pid)))
            await asyncio.sleep(_INTERVAL)
