"""Commands about recordings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import shelves
from ivrserver.cli.base import Context
from ivrserver.cli.stored import with_database
from ivrserver.config.store import MOST_LINK_HOURS
from ivrserver.flow.kept import KeptRecording
from ivrserver.recordings import Store
from ivrserver.storage import RecordingRows


@click.group()
def recordings() -> None:
    """List, fetch and share what was recorded on calls."""


@recordings.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--call", "call_id", default="", help="only those of this call")
@click.option("--waiting", is_flag=True, help="only those that are not in the store yet")
@click.pass_obj
def list_recordings(context: Context, limit: int, call_id: str, *, waiting: bool) -> None:
    """List the newest recordings, and where they are."""

    async def work(engine: AsyncEngine) -> list[KeptRecording]:
        return await RecordingRows(engine).newest(limit, call_id=call_id, waiting=waiting)

    rows = with_database(context.settings(), work)
    if not rows:
        click.echo("no recordings")
    for row in rows:
        click.echo(_line(row))


def _line(row: KeptRecording) -> str:
    made = row.recorded_at.astimezone()
    if row.stored_at is not None:
        where = f"stored, {row.size:,} bytes"
    else:
        where = f"at Asterisk {row.asterisk}"
    problem = f"; PROBLEM: {row.error}" if row.error else ""
    return f"{row.name}  {made:%Y-%m-%d %H:%M:%S}  {row.seconds:>7.1f} s  {where}{problem}"


@recordings.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def get(context: Context, name: str, file: Path) -> None:
    """Fetch a recording from the store into FILE, a WAV file."""
    settings = context.settings()

    async def work(engine: AsyncEngine) -> int:
        row = _stored(await RecordingRows(engine).find(name), name)
        opened = await Store(settings).open(row.key, row.sha256)
        await opened.save(file)
        return opened.size

    click.echo(f"{file}: {with_database(settings, work):,} bytes")


@recordings.command()
@click.argument("name")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True, max=MOST_LINK_HOURS),
              help="how long it is good [default: store.link_hours]")  # fmt: skip
@click.pass_obj
def link(context: Context, name: str, hours: float | None) -> None:
    """Print an address at which anybody can download a recording for some time."""
    settings = context.settings()
    expires = datetime.now(UTC) + timedelta(hours=hours or settings.store.link_hours)

    async def work(engine: AsyncEngine) -> str:
        if await RecordingRows(engine).find(name) is None:
            raise _unknown(name)
        return (await shelves.links(settings, engine)).link(name, expires)

    click.echo(with_database(settings, work))


def _stored(row: KeptRecording | None, name: str) -> KeptRecording:
    if row is None:
        raise _unknown(name)
    if row.stored_at is None:
        raise click.ClickException(
            f"{name} is not in the store yet but at Asterisk {row.asterisk}: "
            f"{row.error or 'the running server fetches it within seconds'}"
        )
    return row


def _unknown(name: str) -> click.ClickException:
    return click.ClickException(
        f"there is no recording {name}; `ivrserver recordings list` lists them"
    )
