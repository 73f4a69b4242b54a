"""Hours of ordinary and of bad calls against one controller, and whether anything is left of them.

``make bench ARGS=--soak`` runs it. Two streams of calls come at a steady, modest rate: short calls,
and a mixture in which keys are pressed, messages are left, people are called, web servers fail and
callers vanish. Each minute it is written down what Asterisk, the controller and the database hold.
At the end everything must be as it was, and every row must be there that the phones have earned.

No time is judged: that is what the other benchmarks are for.
"""

from benchmarks.soak.contest import Plan
from benchmarks.soak.run import run

__all__ = ["Plan", "run"]
