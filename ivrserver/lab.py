"""Everything a newcomer needs on one machine: Asterisk, the controller, a sample account."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import programs, sample
from ivrserver.app import serving
from ivrserver.blocks import Account
from ivrserver.config import Settings
from ivrserver.portal import setup_link
from ivrserver.shelves import accounts
from ivrserver.storage import Schema, database, read_flow_files
from ivrserver.telephony.asterisk import Asterisk, ports, running
from ivrserver.telephony.boards import Boards

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Lab:
    """A running lab.

    Attributes:
        settings: those in force: free ports, the ARI password.
        engine: the database.
        web_server: address of the sample web server; empty: the account does not use it.
        portal: where people see it all, or make the first user.
    """

    settings: Settings
    asterisk: Asterisk
    boards: Boards
    engine: AsyncEngine
    web_server: str
    portal: str


def lab_settings(settings: Settings) -> Settings:
    """What a lab allows: on loopback anybody may call, and webhooks may stay on this machine.

    Whoever sits at it makes the portal's first user.
    """
    loopback = ipaddress.ip_address(settings.sip.bind).is_loopback
    return settings.model_copy(
        update={
            "sip": settings.sip.model_copy(update={"guests": settings.sip.guests or loopback}),
            "webhook": settings.webhook.model_copy(update={"allow_private": True}),
            "sign_in": settings.sign_in.model_copy(update={"open_setup": True}),
            "limits": settings.limits.model_copy(update={"drain_seconds": 0.0}),
        }
    )


@asynccontextmanager
async def open_lab(settings: Settings, say: Say, told_by_web_server: Say) -> AsyncIterator[Lab]:
    """Run Asterisk, the controller, the sample account and its web server.

    Args:
        settings: taken as they are, but for the ports that are taken (see `lab_settings`).
        say: called with each line of progress.
        told_by_web_server: called with each line that the sample web server prints.

    Raises:
        IvrError: something cannot be had or does not start; says what to do.
    """
    settings = ports.available(settings, say)
    await asyncio.to_thread(_fetch_programs, settings, say)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(database(settings))
        schema = Schema(engine, say)
        await schema.make_ready(upgrade=settings.database.upgrade_on_start)
        account = await _account(engine, settings, say)
        web_server = ""
        if sample.uses_server(account):
            server = sample.serving(sample.port_of(account), told_by_web_server)
            web_server = await stack.enter_async_context(server)
            await _lead_to(web_server, account, engine, settings, say)
        asterisk = await stack.enter_async_context(running(settings, say))
        boards = await stack.enter_async_context(serving(asterisk.settings))
        there = asterisk.settings
        portal = await setup_link(there, engine) or there.http.reached_at
        yield Lab(there, asterisk, boards, engine, web_server, portal)


def _fetch_programs(settings: Settings, say: Say) -> None:
    """Fetch what is neither installed nor fetched yet, all at once."""
    wanted = {"flite": "flite", "espeak": "espeak-ng"}
    names = [wanted[engine] for engine in settings.speech.engines if engine in wanted]
    if not settings.asterisk.binary:
        names.append("asterisk")
    missing = [name for name in names if programs.find(name, settings.packages) is None]
    if missing:
        programs.fetch(missing, settings.packages, say)


async def load_sample(settings: Settings, web_server: str, say: Say) -> None:
    """Load the sample account, its web server at `web_server`, if the database holds none yet.

    Raises:
        StorageError: the database cannot be used.
    """
    async with database(settings) as engine:
        await Schema(engine, say).make_ready(upgrade=settings.database.upgrade_on_start)
        await _account(engine, settings, say, web_server)


async def _account(
    engine: AsyncEngine, settings: Settings, say: Say, web_server: str = ""
) -> Account:
    """What the database holds; the sample account, if that is nothing yet."""
    kept = accounts(settings, engine)
    account = await kept.export()
    if account != Account():
        return account
    files = await asyncio.to_thread(read_flow_files, [sample.FILE])
    account = sample.at(files.account, web_server) if web_server else files.account
    await kept.apply(account, files.audio)
    say("loaded the sample account, examples/sample.yaml")
    return account


async def _lead_to(
    web_server: str, account: Account, engine: AsyncEngine, settings: Settings, say: Say
) -> None:
    """Let the account's webhooks find the sample web server, if its wished port was taken."""
    moved = sample.at(account, web_server)
    if moved != account:
        say(f"port {sample.port_of(account)} is taken; the sample web server is at {web_server}")
        await accounts(settings, engine).apply(moved)
