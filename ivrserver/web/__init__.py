"""Our HTTP server: prompts for Asterisk, how we are, metrics, the audio library, recordings."""

from ivrserver.web.app import create_app, plain_app
from ivrserver.web.health import health_routes
from ivrserver.web.metrics import metrics_routes
from ivrserver.web.recordings import recording_routes
from ivrserver.web.server import serve

__all__ = [
    "create_app", "health_routes", "metrics_routes", "plain_app",
    "recording_routes", "serve",
]  # fmt: skip
