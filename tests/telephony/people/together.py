"""The tests of this folder run together."""

from __future__ import annotations

from tests.telephony.people.town import Town
from tests.telephony.together import Together

together = Together[Town]()
