"""One and two controllers, on one and two Asterisks, which share a PostgreSQL: what do they carry?

``make bench ARGS=--controllers`` runs it. What else the machine has to do changes from one
minute to the next. So all cases are measured in turn at the same rate, round after round, and two
controllers are held against one by pairs of the same round.
"""

from benchmarks.controllers.contest import measure
from benchmarks.controllers.figures import case_table, pair_table, targets

__all__ = ["case_table", "measure", "pair_table", "targets"]
