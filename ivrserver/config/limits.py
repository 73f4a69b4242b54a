"""Settings of what calls may do, and of how many there may be."""

from __future__ import annotations

from pydantic import Field

from ivrserver.config.section import Seconds, Section


class LimitSettings(Section):
    """Guards against flows that never end, and against more calls than can be carried."""

    calls: int = Field(default=1000, ge=1)
    """Calls that one controller carries at once; more are refused with SIP's 503."""
    lateness: Seconds = 0.25
    """Seconds that the controller's event loop may be late, averaged over some seconds. While it
    is later, and until it is half as late, calls are refused with SIP's 503."""
    asterisk_lateness: Seconds = 0.1
    """Seconds that Asterisk may take for what it is asked at every new call, the median of the last
    second. While it takes longer, and until it takes half as long, its calls are refused."""
    asterisk_calls: int | None = Field(default=None, ge=1)
    """Callers that one Asterisk takes at once, all controllers together; it refuses more with 503
    itself. Unset: twice `calls`, or nine tenths of what `sip.rtp_start` and `rtp_end` have room for
    if that is less."""
    asterisk_load: float | None = Field(default=None, gt=0)
    """Load average of Asterisk's machine past which it refuses with 503 itself; unset: none."""
    blocks_per_call: int = Field(default=50, ge=1)
    """Building blocks that one call may visit."""
    visits_per_ivr: int = Field(default=10, ge=1)
    """Times that one call may enter the same IVR."""
    call_seconds: int = Field(default=14400, ge=60)
    """Longest call."""
    transfer_rings: Seconds = 60.0
    """Seconds that the destination of a transfer rings."""
    drain_seconds: float = Field(default=30.0, ge=0)
    """Seconds that live calls are given to end when the server is told to stop."""
