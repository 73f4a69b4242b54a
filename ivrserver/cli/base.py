"""What all commands share: settings, the event loop, errors as one message."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

import click
import uvloop

from ivrserver import __version__, service_manager
from ivrserver.config import Settings, load
from ivrserver.errors import IvrError

T = TypeVar("T")

_LAST_SECONDS: Final = 2.0
"""Beyond its time to stop, for what is still being written."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every command has: where the settings come from."""

    file: Path | None

    def settings(self) -> Settings:
        """Read the settings now, so that ``--help`` works with wrong ones."""
        return load(self.file)


class Main(click.Group):
    """Loads what a command needs when it is called; shows errors of ours as one message.

    Attributes:
        places: of each command the module and the name there, ``module:name``.
    """

    places: Mapping[str, str] = MappingProxyType({})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names, in the order that people meet them."""
        return [*self.places, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None: there is none of that name."""
        if cmd_name not in self.places:
            return super().get_command(ctx, cmd_name)
        module, name = self.places[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command

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
    living = asyncio.create_task(service_manager.keep_alive())
    try:
        async with running as value:
            is_ready = True
            spare_collections()
            ready(value)
            service_manager.tell(service_manager.READY)
            await stop.wait()
            service_manager.tell(service_manager.STOPPING)
            show("stopping")
    except asyncio.CancelledError:
        if not signalled:
            raise
    finally:
        living.cancel()


def warn(line: str) -> None:
    """Print a line for people that is no part of a command's result."""
    click.echo(line, err=True)


def leave() -> None:
    """End the process, though a thread of the job engine waits for a database that hangs."""
    for thread in threading.enumerate():
        if thread.name.startswith("dbos"):
            thread.join(_LAST_SECONDS)
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)


def show(line: str) -> None:
    """Print a line for people at once."""
    click.echo(line)
    sys.stdout.flush()
