"""Who comes in over HTTP: the guard of every route, and the pages of signing in."""

from fastapi import APIRouter

from ivrserver.web.access.account import account_routes
from ivrserver.web.access.audit import audit_routes
from ivrserver.web.access.doors import Doors, Renders
from ivrserver.web.access.guard import SETUP, SIGN_IN, Guard, Needs
from ivrserver.web.access.sign_in import PUBLIC, sign_in_routes
from ivrserver.web.access.users import user_routes

__all__ = [
    "PUBLIC",
    "SETUP",
    "SIGN_IN",
    "Doors",
    "Guard",
    "Needs",
    "Renders",
    "access_routes",
]


def access_routes(doors: Doors) -> APIRouter:
    """All pages about users: those that strangers may see, one's own account, those of admins."""
    router = APIRouter()
    for routes in (sign_in_routes, account_routes, user_routes, audit_routes):
        router.include_router(routes(doors))
    return router
