"""The softphone of the portal: lines for browsers, and their way to Asterisk."""

from ivrserver.web.softphone.lines import Caller, Directory, Entry, Exchange, OfSocket
from ivrserver.web.softphone.routes import PATH, softphone_routes

__all__ = ["PATH", "Caller", "Directory", "Entry", "Exchange", "OfSocket", "softphone_routes"]
