"""What pages and the API need of the account, when they only read it."""

from __future__ import annotations

from typing import Protocol

from ivrserver.blocks import Account


class AccountReader(Protocol):
    """What has the account (`storage.Accounts`)."""

    async def export(self) -> Account:
        """The account as it is now. May raise `StorageError`."""
        ...
