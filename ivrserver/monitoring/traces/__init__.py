"""Calls as OpenTelemetry traces: one for each call, made of what is written of it.

The trace's id is the call's id in other letters, and the id of its outermost span follows from it:
whoever goes on with a call, after a crash or for a webhook a day later, adds to the same trace
without having seen its beginning.
"""

from ivrserver.monitoring.traces.traces import Traces

__all__ = ["Traces"]
