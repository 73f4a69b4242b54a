"""Commands about the database's schema."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.cli.base import Context, run, warn
from ivrserver.config import Settings
from ivrserver.storage import BASE, Schema, SchemaState, database, place_of

T = TypeVar("T")


@click.group("database")
def database_group() -> None:
    """Show or change the database's schema by hand.

    Every start brings an older schema up to date, unless database.upgrade_on_start is false.
    """


@database_group.command()
@click.pass_obj
def show(context: Context) -> None:
    """Show which schema the database has, and which ones there are."""

    async def work(engine: AsyncEngine) -> list[str]:
        return list(_shown(place_of(engine.url), await Schema(engine).state()))

    for line in _with_engine(context.settings(), work):
        click.echo(line)


def _shown(place: str, state: SchemaState) -> Iterator[str]:
    yield f"database  {place}"
    yield f"schema    {state.current or 'none yet'}, {_verdict(state)}"
    for each in state.known:
        here = "   ← here" if each.name == state.current else ""
        yield f"  {each.name}    {each.about}{here}"


def _verdict(state: SchemaState) -> str:
    if state.newer:
        return "of a newer version of this program"
    if state.ready:
        return "up to date"
    return f"this program needs {state.newest}: ivrserver database upgrade"


@database_group.command()
@click.argument("revision", default="")
@click.pass_obj
def upgrade(context: Context, revision: str) -> None:
    """Bring the schema up to REVISION [default: the newest]; all or nothing."""
    state = _with_engine(context.settings(), lambda engine: Schema(engine, warn).upgrade(revision))
    click.echo(f"schema {state.current}")


@database_group.command()
@click.argument("revision")
@click.option("--yes", is_flag=True, help="do not ask")
@click.pass_obj
def downgrade(context: Context, revision: str, yes: bool) -> None:
    """Take the schema back to REVISION, for an older version of this program.

    Stop every controller first. What later revisions added is deleted, with the data in it; `base`
    deletes everything.
    """
    settings = context.settings()
    if not yes:
        lost = "everything" if revision == BASE else f"what came after schema {revision}"
        click.confirm(
            f"{lost} will be deleted, with the data in it; is there a backup?", abort=True
        )
    state = _with_engine(settings, lambda engine: Schema(engine, warn).downgrade(revision))
    click.echo(f"schema {state.current or 'none'}")


def _with_engine(settings: Settings, work: Callable[[AsyncEngine], Coroutine[Any, Any, T]]) -> T:
    """Run `work` with the database as it is."""

    async def whole() -> T:
        async with database(settings) as engine:
            return await work(engine)

    return run(whole())
