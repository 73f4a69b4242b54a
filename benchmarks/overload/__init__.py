"""Twice as many calls as can be carried: are those that are taken served, the others told 503?

``make bench ARGS=--overload`` runs it. First it looks for the rate that the machine carries. Then
`limits.calls` is set to a little more than is live at `figures.SHARE` of that rate, as one does for
production, and calls come in turn at that share and at twice what is carried.
"""

from benchmarks.overload.contest import measure
from benchmarks.overload.figures import Found, load_table, refusal_table, targets

__all__ = ["Found", "load_table", "measure", "refusal_table", "targets"]
