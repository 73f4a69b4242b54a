"""Who comes in over HTTP: the guard of every route, and the pages of signing in."""

from ivrserver.web.access.doors import Doors, Renders
from ivrserver.web.access.guard import SETUP, SIGN_IN, Guard, Needs
from ivrserver.web.access.plain import PlainPages
from ivrserver.web.access.sign_in import PUBLIC, sign_in_routes

__all__ = [
    "PUBLIC",
    "SETUP",
    "SIGN_IN",
    "Doors",
    "Guard",
    "Needs",
    "PlainPages",
    "Renders",
    "sign_in_routes",
]
