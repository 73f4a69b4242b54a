"""The REST API, put together from the parts of a controller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import shelves
from ivrserver.access import Right
from ivrserver.config import Settings
from ivrserver.monitoring.health import Checkup
from ivrserver.speech import Speaker
from ivrserver.storage import (
    ApiKeys,
    Audit,
    Calls,
    Jobs,
    KeptReplies,
    Revisions,
    Sessions,
    Users,
)
from ivrserver.storage.reports import CallList, Inbox, IvrReports, RunTable, WebhookReports
from ivrserver.web.access import Guard
from ivrserver.web.api import (
    Editor,
    api_key_routes,
    audio_routes,
    audit_routes,
    block_routes,
    call_routes,
    chart_routes,
    create_api,
    flow_map_routes,
    health_routes,
    job_routes,
    mailbox_routes,
    number_routes,
    peer_routes,
    question_routes,
    respondent_routes,
    revision_routes,
    setting_routes,
    user_routes,
    webhook_attempt_routes,
    webhook_test_routes,
)
from ivrserver.web.live import Live, event_routes
from ivrserver.web.recordings import Recordings
from ivrserver.web.replies import Replies
from ivrserver.web.system import System
from ivrserver.webhooks.trial import Trials

NOTHING: Final = Checkup({})
"""For those who show no controller."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a running controller the portal and the API use.

    Attributes:
        recordings: gives back what was recorded.
        live: sees what happens on calls.
        trials: asks web servers without a phone.
        speech: speaks prompts.
        ready: what ``/readyz`` asks.
    """

    settings: Settings
    engine: AsyncEngine
    recordings: Recordings
    live: Live
    trials: Trials
    speech: Speaker
    ready: Checkup = NOTHING


@dataclass(frozen=True, slots=True)
class NamedPhones:
    """What flows may call by name."""

    settings: Settings
    engine: AsyncEngine

    async def __call__(self) -> Mapping[str, str]:
        """The extension of each phone, by its name; users have none."""
        return await shelves.phones(self.settings, self.engine)


def editor(parts: Parts) -> Editor:
    """What changes blocks and numbers, for the API and the portal alike."""
    accounts = shelves.accounts(parts.settings, parts.engine)
    return Editor(accounts, NamedPhones(parts.settings, parts.engine))


def api(parts: Parts, guard: Guard, system: System) -> FastAPI:
    """The application, to be mounted at `ivrserver.web.api.PATH`.

    Raises:
        SetupError: the store's folder cannot be made.
    """
    settings, engine = parts.settings, parts.engine
    edits, phones = editor(parts), NamedPhones(settings, engine)
    accounts = shelves.accounts(settings, engine)
    library = shelves.audio_library(settings, engine)
    return create_api(
        [
            block_routes(guard, edits),
            question_routes(guard, edits),
            webhook_test_routes(guard, edits, parts.trials),
            number_routes(guard, edits),
            audio_routes(guard, library, settings.audio.max_bytes),
            revision_routes(guard, accounts, Revisions(engine), phones),
            event_routes(parts.live, guard.api(Right.CALLS_READ, unattended=True)),
            call_routes(guard, CallList(engine), Calls(engine), parts.recordings),
            chart_routes(guard, Calls(engine)),
            flow_map_routes(guard, edits),
            peer_routes(guard, system),
            health_routes(guard, system),
            setting_routes(guard, settings),
            *_outcomes(settings, engine, guard),
            *_people(settings, engine, guard),
        ],
        KeptReplies(engine),
    )


def replies_of(settings: Settings, engine: AsyncEngine) -> Replies:
    """What explains kept replies, for the API and the portal alike."""
    accounts = shelves.accounts(settings, engine)
    return Replies(Calls(engine), Revisions(engine), accounts, settings.account.region)


def _outcomes(settings: Settings, engine: AsyncEngine, guard: Guard) -> Iterator[APIRouter]:
    """What calls have left: messages, requests to web servers, jobs, answers."""
    accounts, jobs = shelves.accounts(settings, engine), Jobs(engine)
    zone = ZoneInfo(settings.account.time_zone)
    yield mailbox_routes(guard, Inbox(engine), accounts)
    replies = replies_of(settings, engine)
    yield webhook_attempt_routes(guard, WebhookReports(engine, zone), jobs, replies)
    yield job_routes(guard, jobs)
    yield respondent_routes(guard, RunTable(engine), IvrReports(engine, zone), accounts, zone)


def _people(settings: Settings, engine: AsyncEngine, guard: Guard) -> Iterator[APIRouter]:
    sessions = Sessions(engine, settings.sign_in.idle, settings.sign_in.longest)
    yield user_routes(guard, Users(engine), sessions, Audit(engine))
    yield api_key_routes(guard, ApiKeys(engine))
    yield audit_routes(guard, Audit(engine))
