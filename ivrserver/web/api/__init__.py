"""The REST API. Each resource is a module; `create_api` puts them together."""

from ivrserver.web.api.api_keys import api_key_routes
from ivrserver.web.api.app import PATH, create_api
from ivrserver.web.api.audio import audio_routes
from ivrserver.web.api.audit import audit_routes
from ivrserver.web.api.blocks import block_routes
from ivrserver.web.api.calls import call_routes
from ivrserver.web.api.chart import chart_routes
from ivrserver.web.api.editing import Editor
from ivrserver.web.api.flow_map import flow_map_routes
from ivrserver.web.api.health import health_routes
from ivrserver.web.api.jobs import job_routes
from ivrserver.web.api.mailboxes import mailbox_routes
from ivrserver.web.api.numbers import number_routes
from ivrserver.web.api.peers import peer_routes
from ivrserver.web.api.questions import question_routes
from ivrserver.web.api.respondents import respondent_routes
from ivrserver.web.api.revisions import revision_routes
from ivrserver.web.api.settings import setting_routes
from ivrserver.web.api.users import user_routes
from ivrserver.web.api.webhook_attempts import webhook_attempt_routes
from ivrserver.web.api.webhook_test import webhook_test_routes

__all__ = [
    "PATH",
    "Editor",
    "api_key_routes",
    "audio_routes",
    "audit_routes",
    "block_routes",
    "call_routes",
    "chart_routes",
    "create_api",
    "flow_map_routes",
    "health_routes",
    "job_routes",
    "mailbox_routes",
    "number_routes",
    "peer_routes",
    "question_routes",
    "respondent_routes",
    "revision_routes",
    "setting_routes",
    "user_routes",
    "webhook_attempt_routes",
    "webhook_test_routes",
]
