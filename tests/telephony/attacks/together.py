"""Attacks by calls that only listen, and end by themselves, run together."""

from __future__ import annotations

from tests.telephony.attacks.fortress import Fortress
from tests.telephony.together import Together

together = Together[Fortress](apart=0.1)
