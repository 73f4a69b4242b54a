"""Who changes things, and who may. Pure."""

from ivrserver.access.author import PROGRAM, Author

__all__ = ["PROGRAM", "Author"]
