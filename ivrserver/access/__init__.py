"""Who may do what: rights, roles, visitors, passwords, API keys. Pure values and decisions."""

from ivrserver.access.author import PROGRAM, Author
from ivrserver.access.keys import KeyText, MadeKey, digest, make_key, make_token, read_key
from ivrserver.access.names import NAME_HINT, NAME_PATTERN, checked_name
from ivrserver.access.passwords import LEAST, MOST, checked_password, normalised
from ivrserver.access.rights import (
    ROLE_MEANINGS,
    Right,
    Role,
    checked_rights,
    checked_role,
    meaning,
    rights_of,
)
from ivrserver.access.visitor import HTTP_TOKEN, Visitor, Way, http_token_visitor

__all__ = [
    "HTTP_TOKEN",
    "LEAST",
    "MOST",
    "NAME_HINT",
    "NAME_PATTERN",
    "PROGRAM",
    "ROLE_MEANINGS",
    "Author",
    "KeyText",
    "MadeKey",
    "Right",
    "Role",
    "Visitor",
    "Way",
    "checked_name",
    "checked_password",
    "checked_rights",
    "checked_role",
    "digest",
    "http_token_visitor",
    "make_key",
    "make_token",
    "meaning",
    "normalised",
    "read_key",
    "rights_of",
]
