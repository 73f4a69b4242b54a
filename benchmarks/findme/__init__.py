"""FindMe under load: groups of people called at once, here and by ``Dial()`` of the dialplan.

``make bench ARGS="--findme"`` runs it. Callers and the people called are the tests' own phones
(`tests.telephony.agents`): each sends a sound that nobody else does, so it is known to the packet
who hears whom.
"""

from benchmarks.findme.contest import bench
from benchmarks.findme.report import cpu_table, idle, latency_table, targets, told
from benchmarks.findme.script import trials

__all__ = ["bench", "cpu_table", "idle", "latency_table", "targets", "told", "trials"]
