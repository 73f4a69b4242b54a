"""Commands about voicemail boxes."""

from __future__ import annotations

import re
import secrets

import click
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import shelves
from ivrserver.blocks import Voicemail
from ivrserver.cli.base import Context
from ivrserver.cli.stored import with_database
from ivrserver.config import Settings
from ivrserver.flow.post import Waiting
from ivrserver.storage import Mailboxes, Notices

_PIN = re.compile("[0-9]{4}", re.ASCII)


@click.group()
def mailbox() -> None:
    """Keep voicemail boxes."""


@mailbox.command("list")
@click.pass_obj
def list_mailboxes(context: Context) -> None:
    """List all boxes, how many messages each has, and whether it has a PIN."""
    settings = context.settings()

    async def work(engine: AsyncEngine) -> list[str]:
        waiting, with_pin = await Notices(engine).waiting(), await Mailboxes(engine).has_pin()
        return [
            _line(box, waiting.get(box.block_id, Waiting()), box.block_id in with_pin)
            for box in await _boxes(settings, engine)
        ]

    for line in with_database(settings, work) or ["no voicemail boxes"]:
        click.echo(line)


def _line(box: Voicemail, waiting: Waiting, has_pin: bool) -> str:
    counts = f"{waiting.new:>4} new  {waiting.saved:>4} saved"
    hint = "PIN set" if has_pin else f"no PIN: ivrserver mailbox pin {box.block_id}"
    return f"{box.block_id:>10}  {box.name:<30}  {counts}  {hint}"


@mailbox.command()
@click.argument("box_id", metavar="ID", type=int)
@click.option("--generate", is_flag=True, help="make a PIN and print it, instead of asking for one")
@click.pass_obj
def pin(context: Context, box_id: int, generate: bool) -> None:
    """Set the PIN of a voicemail box, which its owner types to hear it by phone.

    Asks for it twice. A box that is locked after many wrong PINs is unlocked.
    """
    settings = context.settings()

    async def find(engine: AsyncEngine) -> None:
        boxes = {box.block_id: box.name for box in await _boxes(settings, engine)}
        if box_id not in boxes:
            there = ", ".join(f"{at} ({name})" for at, name in boxes.items()) or "none"
            raise click.ClickException(f"there is no voicemail box {box_id}; there is: {there}")

    with_database(settings, find)
    chosen = f"{secrets.randbelow(10_000):04}" if generate else _asked()
    with_database(settings, lambda engine: Mailboxes(engine).set_pin(box_id, chosen))
    click.echo(f"the PIN of box {box_id} is {chosen}" if generate else "the PIN is set")


def _asked() -> str:
    """A PIN that somebody typed twice, unseen."""
    chosen: str = click.prompt("PIN (4 digits)", hide_input=True, confirmation_prompt="Again")
    if not _PIN.fullmatch(chosen):
        raise click.UsageError("a PIN has 4 digits; nothing has been changed")
    return chosen


async def _boxes(settings: Settings, engine: AsyncEngine) -> list[Voicemail]:
    account = await shelves.accounts(settings, engine).export()
    return [block for block in account.blocks if isinstance(block, Voicemail)]
