"""Commands about API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import click

from ivrserver.access import Right
from ivrserver.cli.base import Context
from ivrserver.cli.stored import me, with_database
from ivrserver.flow.story import shown
from ivrserver.storage import ApiKey, ApiKeys

_RIGHTS: Final = click.Choice([right.value for right in Right])


@click.group()
def keys() -> None:
    """Keep the keys that programs show to the API."""


@keys.command("list")
@click.option("--owner", default="", help="only those of this user")
@click.pass_obj
def list_keys(context: Context, owner: str) -> None:
    """List all keys, what they may do, and when they were last used."""
    found = with_database(context.settings(), lambda engine: ApiKeys(engine).all(owner))
    if not found:
        click.echo("no API keys: make one with `ivrserver keys add`")
    now = datetime.now(UTC)
    for key in found:
        click.echo(shown(_line(key, now)))


def _line(key: ApiKey, now: datetime) -> str:
    used = f"{key.used_at.astimezone():%Y-%m-%d %H:%M}" if key.used_at else "never"
    state = "revoked" if key.revoked_at else "" if key.good(now) else "has run out"
    if not state and key.expires_at:
        state = f"until {key.expires_at.astimezone():%Y-%m-%d %H:%M}"
    rights = ", ".join(sorted(key.rights))
    return (
        f"{key.key_id}  {key.owner:<12}  {key.name}  ({rights})  last used {used}  {state}".strip()
    )


@keys.command()
@click.argument("name")
@click.option("--owner", required=True, help="the user whose key it is, who must have its rights")
@click.option(
    "--right", "rights", type=_RIGHTS, multiple=True, required=True, help="may be repeated"
)
@click.option("--days", type=click.IntRange(min=1), help="it runs out then [default: never]")
@click.pass_obj
def add(context: Context, name: str, owner: str, rights: tuple[str, ...], days: int | None) -> None:
    """Make a key and print it, this once."""
    wanted = frozenset(map(Right, rights))
    end = None if days is None else datetime.now(UTC) + timedelta(days=days)
    made = with_database(
        context.settings(),
        lambda engine: ApiKeys(engine).make(owner, name, wanted, me(), expires_at=end),
    )
    click.echo(made.text)


@keys.command()
@click.argument("key_id", metavar="ID")
@click.pass_obj
def revoke(context: Context, key_id: str) -> None:
    """Make a key worth nothing, for ever."""
    with_database(context.settings(), lambda engine: ApiKeys(engine).revoke(key_id, me()))
    click.echo(f"key {key_id} is revoked")
