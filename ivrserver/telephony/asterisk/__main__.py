"""``python -m ivrserver.telephony.asterisk``: `ivrserver asterisk` where nothing else is installed.

The packages that it needs are in ``requirements/asterisk.txt``; the controller's are many more.
"""

from __future__ import annotations

from ivrserver.programs.command import alone
from ivrserver.telephony.asterisk.command import asterisk

if __name__ == "__main__":
    alone(asterisk, "ivrserver asterisk")
