"""An account with as many calls as somebody wants, and how fast what the portal reads is read.

`seed` fills a database: 200 calls for a screenshot, 100,000 with 1,000,000 answers for figures.
`python -m benchmarks --portal` measures. All names and numbers are invented.
"""

from benchmarks.portal.measuring import CALLS, measure, targets, timing_table, told
from benchmarks.portal.seeding import Plan, seed
from benchmarks.portal.visiting import slow_ones, visit_table, visit_targets

__all__ = [
    "CALLS",
    "Plan",
    "measure",
    "seed",
    "slow_ones",
    "targets",
    "timing_table",
    "told",
    "visit_table",
    "visit_targets",
]
