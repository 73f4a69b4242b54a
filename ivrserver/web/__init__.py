"""Our HTTP server: prompts for Asterisk, and whether we are well."""

from ivrserver.web.app import Health, create_app
from ivrserver.web.server import serve

__all__ = ["Health", "create_app", "serve"]
