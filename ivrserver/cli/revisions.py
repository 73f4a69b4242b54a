"""Commands about the versions of the account."""

from __future__ import annotations

from collections.abc import Sequence

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import shelves
from ivrserver.blocks.compare import difference
from ivrserver.blocks.files import dump
from ivrserver.cli.base import Context
from ivrserver.cli.flows import told
from ivrserver.cli.stored import me, with_database
from ivrserver.flow.story import shown
from ivrserver.storage import RevisionRow, Revisions


@click.group(invoke_without_command=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.pass_context
def revisions(context: click.Context, limit: int) -> None:
    """List, compare and restore the versions of the account."""
    if context.invoked_subcommand is not None:
        return

    async def work(engine: AsyncEngine) -> Sequence[RevisionRow]:
        return await Revisions(engine).newest(limit)

    rows = with_database(context.obj.settings(), work)
    if not rows:
        click.echo("no revisions: nothing has changed since they are kept")
    for row in rows:
        click.echo(_line(row))


def _line(row: RevisionRow) -> str:
    made = row.made_at.astimezone()
    what = f"revision {row.restored} again" if row.restored is not None else row.changes.summary
    who = row.made_by or "ivrserver"
    return shown(f"{row.revision:>6}  {made:%Y-%m-%d %H:%M:%S}  {who} ({row.via})  {what}")


@revisions.command("show")
@click.argument("revision", type=int)
@click.pass_obj
def show_revision(context: Context, revision: int) -> None:
    """Print the account as it was, as a flow file."""

    async def work(engine: AsyncEngine) -> str:
        return dump((await Revisions(engine).account(revision)).account)

    click.echo(with_database(context.settings(), work), nl=False)


@revisions.command()
@click.argument("old", type=int)
@click.argument("new", type=int, required=False)
@click.pass_obj
def diff(context: Context, old: int, new: int | None) -> None:
    """Show what changed from revision OLD to NEW, by default: to the account as it is."""
    settings = context.settings()

    async def work(engine: AsyncEngine) -> list[str]:
        kept = Revisions(engine)
        before = await kept.account(old)
        if new is None:
            after = await shelves.accounts(settings, engine).stored()
        else:
            after = await kept.account(new)
        names = f"revision {before.revision}", f"revision {after.revision}"
        return list(difference(before.account, after.account, *names))

    for line in with_database(settings, work) or ["they are equal"]:
        click.echo(shown(line))


@revisions.command()
@click.argument("revision", type=int)
@click.pass_obj
def restore(context: Context, revision: int) -> None:
    """Put the account in force again as it was; running calls end as they began."""
    settings = context.settings()
    changes = with_database(
        settings, lambda engine: shelves.accounts(settings, engine).restore(revision, by=me())
    )
    for line in told(changes):
        click.echo(line)
