"""Several controllers on one database, each ready to go on with the others' calls (SPEC §13).

Each says in the database, about once a second, that it lives (`member`). Who says nothing for the
length of a lease is found dead by the others, on their own clocks (`judge`), and loses its epoch:
nothing that it still writes is stored. Its calls are then claimed, one by one, and carried on.

Knows neither SQL nor Asterisk: `ports` says what it needs of them.
"""

from ivrserver.cluster.member import Member
from ivrserver.cluster.ports import Beat, Board, Lease, Register
from ivrserver.cluster.trust import Trust

__all__ = ["Beat", "Board", "Lease", "Member", "Register", "Trust"]
