"""Get, configure, run and watch over an Asterisk of our own.

::

    settings = ports.available(settings, say=print)
    async with running(settings, say=print) as asterisk:
        ...
"""

from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.program import AsteriskProgram
from ivrserver.telephony.asterisk.run import Asterisk, running

__all__ = ["Asterisk", "AsteriskProgram", "Folders", "running"]
