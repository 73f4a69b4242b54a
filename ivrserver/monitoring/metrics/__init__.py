"""What Prometheus reads: one registry of this server's own, and who fills it.

Labels are words of ours, never numbers, ids or names of callers, so the number of series is bounded
whatever callers do. Names follow https://prometheus.io/docs/practices/naming/.
"""

from ivrserver.monitoring.metrics.metrics import Metrics

__all__ = ["Metrics"]
