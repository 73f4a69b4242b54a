"""Programs that we start: installed ones, else Debian's own packages in a cache folder.

Nothing is installed on the machine and no library of it is used or replaced: a fetched program
lives in the cache folder with its libraries and is started by its own loader. ::

    program = find("asterisk", settings.packages)
    if program is None:
        fetch(["asterisk"], settings.packages, say=print)
"""

from ivrserver.programs.fetch import fetch
from ivrserver.programs.find import cached, find, installed
from ivrserver.programs.model import Program

__all__ = ["Program", "cached", "fetch", "find", "installed"]
