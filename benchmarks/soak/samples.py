"""What Asterisk, the controller and the database hold at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from ivrserver.errors import SetupError

_KIB: Final = 1024
_LATE_SECONDS: Final = "0.1"


@dataclass(frozen=True, slots=True)
class Process:
    """What one process holds.

    Attributes:
        resident: bytes of memory.
        own: bytes of it that no file stands behind: what a leak adds to.
        descriptors: open files and connections.
    """

    resident: int
    own: int
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything at one moment.

    Attributes:
        seconds: since the first call.
        phase: ``idle`` before the first call, ``load``, or ``end``: all calls are over.
        processes: ``asterisk`` and ``controller``.
        channels: in Asterisk; `bridges` likewise.
        live: calls that the controller carries.
        callers: calls that the phones have.
        queued: records that wait to be stored; `lost`: that could not.
        looks: how often the controller's event loop has been looked at so far.
        late: how often it was then more than 0.1 s late.
        rows: by table.
        database: bytes.
        spool: recordings in Asterisk's own folder.
        stored: files in the store.
    """

    seconds: float
    phase: str
    processes: Mapping[str, Process]
    channels: int
    bridges: int
    live: int
    callers: int
    queued: int
    lost: int
    looks: int
    late: int
    rows: Mapping[str, int]
    database: int
    spool: int
    stored: int


def process(pid: int) -> Process:
    """What that process holds now, from ``/proc`` (proc(5)).

    Raises:
        SetupError: it has ended.
    """
    folder = Path(f"/proc/{pid}")
    try:
        status = (folder / "status").read_text()
        descriptors = sum(1 for _ in (folder / "fd").iterdir())
    except OSError as error:
        raise SetupError(f"process {pid} ended in the middle of the soak") from error
    return of_status(status, descriptors)


def of_status(status: str, descriptors: int) -> Process:
    """The figures in a process's ``status``."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    size = {name: int(fields[name].split()[0]) * _KIB for name in ("VmRSS", "RssAnon")}
    return Process(size["VmRSS"], size["RssAnon"], descriptors, int(fields["Threads"]))


async def metrics(url: str) -> Mapping[str, float]:
    """What the controller says of itself, without labels but for buckets of histograms."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        response.raise_for_status()
        return of_metrics(await response.text())


def of_metrics(text: str) -> Mapping[str, float]:
    """The figures that a sample needs from Prometheus' text."""
    found = {}
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            bound = each.labels.get("le")
            if bound == _LATE_SECONDS:
                found[f"{each.name} {bound}"] = each.value
            elif not each.labels:
                found[each.name] = each.value
    return found


def files(folder: Path, pattern: str = "*") -> int:
    """How many files lie in a folder and those in it."""
    return sum(1 for path in folder.rglob(pattern) if path.is_file())


def weight(folder: Path, pattern: str) -> int:
    """Bytes of the files in `folder` with such names."""
    return sum(path.stat().st_size for path in folder.glob(pattern))
