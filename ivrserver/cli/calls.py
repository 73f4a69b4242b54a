"""Commands about calls."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

import click

from ivrserver.cli.stored import with_database
from ivrserver.config import Settings
from ivrserver.flow.story import shown, tell
from ivrserver.storage import Calls
from ivrserver.storage.calls import CallRow

T = TypeVar("T")


@click.group(invoke_without_command=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--number", default="", help="only calls to or from this number")
@click.option("--since", type=click.DateTime(), help="only calls that began then or later")
@click.pass_context
def calls(context: click.Context, limit: int, number: str, since: datetime | None) -> None:
    """List the newest calls."""
    if context.invoked_subcommand is not None:
        return
    start = since.astimezone() if since else None
    rows = _read(context.obj.settings(), lambda c: c.newest(limit, number=number, since=start))
    if not rows:
        click.echo("no calls")
    for row in rows:
        click.echo(_line(row))


def _line(row: CallRow) -> str:
    began = row.started_at.astimezone()
    if row.ended_at is None:
        length = "live"
    else:
        length = f"{(row.ended_at - row.started_at).total_seconds():.1f} s"
    reason = (row.end_reason or "").replace("_", " ")
    who = row.caller_id or "unknown"
    return shown(
        f"{row.call_id}  {began:%Y-%m-%d %H:%M:%S}  {who:>12} → {row.number_called:<12} "
        f"{length:>9}  {reason}"
    )


@calls.command("show")
@click.argument("call_id")
@click.pass_context
def show_call(context: click.Context, call_id: str) -> None:
    """Print everything that happened on one call, and why."""
    details = _read(context.obj.settings(), lambda calls: calls.details(call_id))
    if details is None:
        raise click.ClickException(f"there is no call {call_id}; `ivrserver calls` lists them")
    click.echo(_line(details.call))
    for line in tell(details.timeline):
        click.echo(line)


def _read(settings: Settings, query: Callable[[Calls], Coroutine[Any, Any, T]]) -> T:
    return with_database(settings, lambda engine: query(Calls(engine)))
