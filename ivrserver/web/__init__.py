"""Our HTTP server: prompts for Asterisk, whether we are well, and the audio library."""

from ivrserver.web.app import Health, create_app
from ivrserver.web.audio import audio_routes
from ivrserver.web.server import serve

__all__ = ["Health", "audio_routes", "create_app", "serve"]
