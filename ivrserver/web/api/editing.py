"""Changes of the account as the API and the portal make them: one thing at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ivrserver.access import Author
from ivrserver.blocks import Account, Block, PhoneNumber
from ivrserver.blocks.editing import (
    block_in,
    number_in,
    problems_with,
    version_of,
    with_block,
    with_number,
    without_block,
    without_number,
)
from ivrserver.errors import FlowFileError, StillInUse
from ivrserver.storage import Changes
from ivrserver.storage.merge import StoredAccount
from ivrserver.web.api.conditions import check_version


class Accounts(Protocol):
    """What reads and changes the account; every method may raise `StorageError`."""

    async def stored(self) -> StoredAccount:
        """The whole account."""
        ...

    async def change(
        self, make: Callable[[StoredAccount], StoredAccount], *, by: Author
    ) -> Changes:
        """Change it in one transaction."""
        ...


Phones = Callable[[], Awaitable[Mapping[str, str]]]
"""Gives the extension of each phone that can be called by name."""


@dataclass(frozen=True, slots=True)
class Editor:
    """Puts and removes blocks and numbers.

    Attributes:
        accounts: where they are.
        phones: what may be called by name.
    """

    accounts: Accounts
    phones: Phones

    async def account(self) -> Account:
        """The account as it is."""
        return (await self.accounts.stored()).account

    async def put_block(self, make: Callable[[Account], Block], by: Author) -> Block:
        """Add or replace a block.

        Args:
            make: told the account as it is, gives the block; may raise, then nothing changes.
            by: who wants that.

        Raises:
            FlowFileError: something of it would lead nowhere.
        """
        phones = await self.phones()
        made: list[Block] = []

        def put(account: Account) -> Account:
            made.append(make(account))
            changed = with_block(account, made[-1])
            _check(changed, made[-1], phones)
            return changed

        await self.change(put, by)
        return made[-1]

    async def put_number(self, make: Callable[[Account], PhoneNumber], by: Author) -> PhoneNumber:
        """Add or replace a number; otherwise as `put_block`."""
        phones = await self.phones()
        made: list[PhoneNumber] = []

        def put(account: Account) -> Account:
            made.append(make(account))
            changed = with_number(account, made[-1])
            _check(changed, made[-1], phones)
            return changed

        await self.change(put, by)
        return made[-1]

    async def remove_block(self, block_id: int, expected: str, by: Author) -> None:
        """Remove a block.

        Args:
            expected: the version that it is to have, see `check_version`.

        Raises:
            NothingThere: there is no such block.
            ChangedMeanwhile: it has another version.
            StillInUse: something leads to it.
        """

        def remove(account: Account) -> Account:
            check_version(expected, version_of(block_in(account, block_id)))
            return without_block(account, block_id)

        await self._remove(remove, by)

    async def remove_number(self, number: str, expected: str, by: Author) -> None:
        """Remove a number; otherwise as `remove_block`."""

        def remove(account: Account) -> Account:
            check_version(expected, version_of(number_in(account, number)))
            return without_number(account, number)

        await self._remove(remove, by)

    async def change(self, make: Callable[[Account], Account], by: Author) -> Changes:
        """Replace the account by what `make` makes of it, in one transaction."""

        def changed(before: StoredAccount) -> StoredAccount:
            account = make(before.account)
            same = account == before.account
            return (
                before if same else replace(before, revision=before.revision + 1, account=account)
            )

        return await self.accounts.change(changed, by=by)

    async def _remove(self, make: Callable[[Account], Account], by: Author) -> None:
        try:
            await self.change(make, by)
        except FlowFileError as error:
            users = "; ".join(f"{field}: {text}" for field, text in error.problems)
            raise StillInUse(f"something leads to it: {users}", error.problems) from error


def _check(account: Account, item: Any, phones: Mapping[str, str]) -> None:
    problems = problems_with(account, item, phones)
    if problems:
        text = "; ".join(f"{field}: {advice}" for field, advice in problems)
        raise FlowFileError(text, problems)
