"""Commands about flow files, and the references that are made from the program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import shelves
from ivrserver.blocks import Account
from ivrserver.blocks.files import dump
from ivrserver.blocks.lint import Known
from ivrserver.blocks.schema import json_schema_text
from ivrserver.cli.base import Context
from ivrserver.cli.stored import me, with_database
from ivrserver.reference import settings_reference
from ivrserver.storage import Changes, read_flow_files, write_flow_file
from ivrserver.storage.merge import new_doubts


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--prune", is_flag=True, help="remove what the files do not describe")
@click.option("--check", is_flag=True, help="only say whether the files are right")
@click.pass_obj
def apply(context: Context, files: tuple[Path, ...], prune: bool, check: bool) -> None:
    """Load flow files into the database: all of them, or nothing if anything is wrong."""
    settings = context.settings()

    async def work(engine: AsyncEngine) -> list[str]:
        accounts = shelves.accounts(settings, engine)
        # What is going to be removed cannot be referred to.
        known = Known() if prune else await accounts.known()
        phones = await shelves.phones(settings, engine)
        flows = read_flow_files(files, replace(known, phones=phones))
        before = Account() if prune else await accounts.export()
        doubtful = [f"warning  {doubt}" for doubt in new_doubts(before, flows.account)]
        if check:
            return [*doubtful, "the files are right"]
        changes = await accounts.apply(flows.account, flows.audio, prune=prune, by=me())
        return doubtful + told(changes)

    for line in with_database(settings, work):
        click.echo(line)


def told(changes: Changes) -> list[str]:
    """What changed in the account, for people."""
    lines = [f"added    {name}" for name in changes.added]
    lines += [f"changed  {name}" for name in changes.changed]
    lines += [f"removed  {name}" for name in changes.removed]
    return [*(lines or ["nothing has changed"]), f"revision {changes.revision}"]


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def export(context: Context, file: Path | None) -> None:
    """Write the account as a flow file, with its audio files beside it; without FILE: print it."""
    settings = context.settings()

    async def work(engine: AsyncEngine) -> None:
        accounts = shelves.accounts(settings, engine)
        account = await accounts.export()
        if file is None:
            click.echo(dump(account), nl=False)
        else:
            write_flow_file(file, account, await accounts.audio_files())

    with_database(settings, work)


@click.command()
def schema() -> None:
    """Print the JSON Schema of flow files, for editors."""
    click.echo(json_schema_text(), nl=False)


@click.command("settings")
def settings_page() -> None:
    """Print the reference of all settings, as Markdown."""
    click.echo(settings_reference(), nl=False)
