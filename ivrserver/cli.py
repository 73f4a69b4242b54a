"""The `ivrserver` command."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import uvloop

from ivrserver import __version__, app, logs
from ivrserver.blocks.files import dump
from ivrserver.blocks.lint import Known
from ivrserver.blocks.schema import json_schema_text
from ivrserver.config import Settings, load
from ivrserver.demo.run import demo as run_demo
from ivrserver.doctor import examine
from ivrserver.errors import IvrError
from ivrserver.flow.story import tell
from ivrserver.reference import settings_reference
from ivrserver.storage import (
    Accounts,
    Calls,
    Changes,
    database,
    migrate,
    read_flow_files,
    write_flow_file,
)
from ivrserver.storage.calls import CallRow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """What every command has: where the settings come from."""

    file: Path | None

    def settings(self) -> Settings:
        """Read the settings now, so that ``--help`` works with wrong ones."""
        return load(self.file)


class Main(click.Group):
    """Shows errors of ours as one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command; an error that explains itself ends it with status 1."""
        try:
            return super().invoke(ctx)
        except IvrError as error:
            raise click.ClickException(str(error)) from error
        except BaseExceptionGroup as group:
            ours, others = group.split(IvrError)
            if others is not None or ours is None:
                raise
            raise click.ClickException(str(_first(ours))) from group


def _first(group: BaseExceptionGroup[IvrError]) -> IvrError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


@click.group(cls=Main)
@click.version_option(__version__)
@click.option(
    "--settings",
    "file",
    type=click.Path(path_type=Path),
    help="TOML file [default: ivrserver.toml, if there is one]",
)
@click.pass_context
def main(context: click.Context, file: Path | None) -> None:
    """A telephony IVR server on Asterisk."""
    context.obj = Context(file)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end on a fast event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def spare_collections() -> None:
    """Let the garbage collector pass over what is loaded, and come less often.

    Calls leave few cycles behind; looking through every module again and again would cost more
    than the calls themselves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def stay(running: AbstractAsyncContextManager[T], ready: Callable[[T], None]) -> None:
    """Enter `running`, call `ready`, and stay until SIGINT or SIGTERM; then leave it in order.

    A signal before it is ready, and a second one, cancel instead of waiting.
    """
    loop, stop, task = asyncio.get_running_loop(), asyncio.Event(), asyncio.current_task()
    signalled = is_ready = False

    def on_signal() -> None:
        nonlocal signalled
        if task is not None and (signalled or not is_ready):
            task.cancel()
        signalled = True
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    try:
        async with running as value:
            is_ready = True
            spare_collections()
            ready(value)
            await stop.wait()
            show("stopping")
    except asyncio.CancelledError:
        if not signalled:
            raise


def show(line: str) -> None:
    """Print a line for people at once."""
    click.echo(line)
    sys.stdout.flush()


# ---- running


@main.command()
@click.pass_obj
def up(context: Context) -> None:
    """Run everything on this machine: Asterisk, the controller and the sample account."""
    settings = app.lab_settings(context.settings())
    logs.configure("warning", human=True)
    lab = app.lab(settings, show, lambda line: show(f"  web server: {line}"))
    run(stay(lab, lambda lab: show("\n".join(_where_everything_is(lab)))))
    show("stopped")


def _where_everything_is(lab: app.Lab) -> Iterator[str]:
    settings = lab.settings
    sip, http = settings.sip, settings.http
    yield "\nReady."
    yield f"  dial         sip:100@{sip.bind}:{sip.port}   (any SIP phone, no account needed)"
    yield f"  Asterisk     {lab.asterisk.version}, logs in {lab.asterisk.folders.log}"
    yield f"  database     {lab.engine.url.render_as_string(hide_password=True)}"
    yield f"  health       http://{http.host}:{http.port}/healthz"
    if lab.web_server:
        yield f"  web server   {lab.web_server}   (examples/webhook_server.py)"
    yield "  calls        .venv/bin/ivrserver calls"
    yield "Ctrl-C stops everything."


@main.command()
@click.pass_obj
def serve(context: Context) -> None:
    """Run the controller alone, for an Asterisk that runs elsewhere."""
    settings = context.settings()
    logs.configure(settings.log_level, human=False)

    run(stay(app.serving(settings), lambda _: show("serving calls")))


@main.command()
@click.option("--keep", type=click.Path(path_type=Path), help="folder to keep the recording in")
@click.pass_obj
def demo(context: Context, keep: Path | None) -> None:
    """Place a real scripted call to the sample account and print the conversation."""
    logs.configure("warning", human=True)
    if not run(run_demo(context.settings(), show, keep)):
        sys.exit(1)


@main.command()
@click.pass_obj
def doctor(context: Context) -> None:
    """Check every part and say how to mend it."""
    findings = run(examine(context.settings()))
    for finding in findings:
        click.echo(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:<14} {finding.detail}")
        if not finding.ok:
            click.echo(f"      {'':<14} → {finding.mend}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


# ---- flows


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--prune", is_flag=True, help="remove what the files do not describe")
@click.option("--check", is_flag=True, help="only say whether the files are right")
@click.pass_obj
def apply(context: Context, files: tuple[Path, ...], prune: bool, check: bool) -> None:
    """Load flow files into the database: all of them, or nothing if anything is wrong."""
    settings = context.settings()

    async def work() -> list[str]:
        async with database(settings) as engine:
            await migrate(engine)
            accounts = Accounts(engine, app.audio_folder(settings))
            # What is going to be removed cannot be referred to.
            known = Known() if prune else await accounts.known()
            flows = read_flow_files(files, known)
            if check:
                return ["the files are right"]
            return _told(await accounts.apply(flows.account, flows.audio, prune=prune))

    for line in run(work()):
        click.echo(line)


def _told(changes: Changes) -> list[str]:
    lines = [f"added    {name}" for name in changes.added]
    lines += [f"changed  {name}" for name in changes.changed]
    lines += [f"removed  {name}" for name in changes.removed]
    return [*(lines or ["nothing has changed"]), f"revision {changes.revision}"]


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def export(context: Context, file: Path | None) -> None:
    """Write the account as a flow file, with its audio files beside it; without FILE: print it."""
    settings = context.settings()

    async def work() -> None:
        async with database(settings) as engine:
            await migrate(engine)
            accounts = Accounts(engine, app.audio_folder(settings))
            account = await accounts.export()
            if file is None:
                click.echo(dump(account), nl=False)
            else:
                write_flow_file(file, account, await accounts.audio_files())

    run(work())


@main.command()
def schema() -> None:
    """Print the JSON Schema of flow files, for editors."""
    click.echo(json_schema_text(), nl=False)


@main.command("settings")
def settings_page() -> None:
    """Print the reference of all settings, as Markdown."""
    click.echo(settings_reference(), nl=False)


# ---- calls


@main.group(invoke_without_command=True)
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
    return (
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
    async def work() -> T:
        async with database(settings) as engine:
            await migrate(engine)
            return await query(Calls(engine))

    return run(work())
