"""Commands about users: whoever has this machine's command line may do everything."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

import click

from ivrserver.access import LEAST, Role, checked_name, checked_password
from ivrserver.cli.base import Context
from ivrserver.cli.stored import me, with_database
from ivrserver.config import Settings
from ivrserver.storage import User, Users

T = TypeVar("T")

_ROLES: Final = click.Choice([role.value for role in Role])
_GENERATE: Final = click.option(
    "--generate", is_flag=True, help="make a password and print it, instead of asking for one"
)


@click.group()
def users() -> None:
    """Keep those who may sign in to the portal."""


@users.command("list")
@click.pass_obj
def list_users(context: Context) -> None:
    """List all users, what they are, and when they last signed in."""
    for line in map(_line, _with(context.settings(), lambda kept: kept.all())):
        click.echo(line)


def _line(user: User) -> str:
    last = f"{user.signed_in_at.astimezone():%Y-%m-%d %H:%M}" if user.signed_in_at else "never"
    return f"{user.name:<32}  {user.role:<6}  last signed in {last:<16}  {_state(user)}".rstrip()


def _state(user: User) -> str:
    if user.disabled:
        return "disabled"
    if user.has_password:
        return ""
    return "by OpenID Connect" if user.subject else "has no password yet"


@users.command()
@click.argument("name")
@click.option("--role", type=_ROLES, default=Role.VIEWER.value, show_default=True)
@click.option("--invite", is_flag=True, help="print a link by which the user chooses a password")
@_GENERATE
@click.pass_obj
def add(context: Context, name: str, role: str, invite: bool, generate: bool) -> None:
    """Add a user, who may sign in with the password that is asked for."""
    if invite and generate:
        raise click.UsageError("take --invite or --generate")
    settings = context.settings()
    checked_name(name)
    password = "" if invite else _chosen(name, generate=generate)

    async def work(kept: Users) -> str:
        await kept.add(name, Role(role), me(), password=password)
        return await kept.invite(name, me(), datetime.now(UTC)) if invite else ""

    token = _with(settings, work)
    click.echo(f"added {name}, {role}")
    if invite:
        link = f"{settings.http.reached_at}/invitation?token={quote(token)}"
        click.echo(f"the link to choose a password, good once and for 7 days: {link}")
    elif generate:
        click.echo(f"the password is {password}")


@users.command("password")
@click.argument("name")
@_GENERATE
@click.pass_obj
def set_password(context: Context, name: str, generate: bool) -> None:
    """Give a user another password; wherever they are signed in, they are signed out."""
    settings = context.settings()
    _with(settings, lambda kept: kept.get(name))
    password = _chosen(name, generate=generate)
    _with(settings, lambda kept: kept.set_password(name, password, me()))
    click.echo(f"the password of {name} is {password}" if generate else "the password is set")


@users.command()
@click.argument("name")
@click.argument("role", type=_ROLES)
@click.pass_obj
def role(context: Context, name: str, role: str) -> None:
    """Make a user a viewer, an editor or an admin, at once."""
    _with(context.settings(), lambda kept: kept.change(name, me(), role=Role(role)))
    click.echo(f"{name} is {role}")


@users.command()
@click.argument("name")
@click.pass_obj
def disable(context: Context, name: str) -> None:
    """Let a user in no more, nor any program with a key of theirs."""
    _with(context.settings(), lambda kept: kept.change(name, me(), disabled=True))
    click.echo(f"{name} is disabled")


@users.command()
@click.argument("name")
@click.pass_obj
def enable(context: Context, name: str) -> None:
    """Let a user in again who was disabled."""
    _with(context.settings(), lambda kept: kept.change(name, me(), disabled=False))
    click.echo(f"{name} may sign in")


@users.command()
@click.argument("name")
@click.pass_obj
def remove(context: Context, name: str) -> None:
    """Remove a user, with all API keys of theirs."""
    _with(context.settings(), lambda kept: kept.remove(name, me()))
    click.echo(f"{name} is removed")


def _chosen(name: str, *, generate: bool) -> str:
    """A password that is taken: a random one, or one that somebody typed twice, unseen."""
    if generate:
        return secrets.token_urlsafe(15)
    typed: str = click.prompt(
        f"Password (at least {LEAST} characters)", hide_input=True, confirmation_prompt="Again"
    )
    return checked_password(typed, name)


def _with(settings: Settings, work: Callable[[Users], Coroutine[Any, Any, T]]) -> T:
    return with_database(settings, lambda engine: work(Users(engine)))
