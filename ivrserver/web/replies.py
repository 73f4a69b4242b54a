"""Replies of customers' web servers that are kept, explained with the account as it was then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ivrserver.blocks import Account, FlowBook, Ivr
from ivrserver.errors import RevisionUnknown
from ivrserver.flow.replied import Replied, explained, then
from ivrserver.storage import CallDetails
from ivrserver.storage.merge import StoredAccount
from ivrserver.storage.reports import AttemptRow
from ivrserver.web.accounts import AccountReader


class CallReader(Protocol):
    """Reads single calls (`storage.Calls`); may raise `StorageError`."""

    async def details(self, call_id: str) -> CallDetails | None:
        """Everything of one call; None: there is no such call."""
        ...


class RevisionReader(Protocol):
    """Reads revisions of the account (`storage.Revisions`); may raise `StorageError`."""

    async def account(self, revision: int) -> StoredAccount:
        """The account as it was. Raises `RevisionUnknown`."""
        ...


@dataclass(frozen=True, slots=True)
class Replies:
    """Explains them.

    Attributes:
        accounts: the account as it is now, for calls whose revision is not kept.
        region: ISO 3166 code of the account's country.
    """

    calls: CallReader
    revisions: RevisionReader
    accounts: AccountReader
    region: str

    async def of(self, attempt: AttemptRow) -> Replied:
        """What the reply to a request was understood as, and what the call did because of it.

        Raises:
            StorageError: the database is away.
        """
        details = await self.calls.details(attempt.call_id)
        account = await self._account(details.call.revision if details else 0)
        book = FlowBook.of(account, region=self.region)
        replied = Replied()
        if attempt.status is not None:
            block = book.blocks.get(attempt.ivr_id)
            ivr = block if isinstance(block, Ivr) else None
            replied = explained(attempt.body, ivr, book)
        entries = details.timeline if details else ()
        return replace(replied, then=then(entries, attempt.number, attempt.url, attempt.sent_at))

    async def _account(self, revision: int) -> Account:
        try:
            return (await self.revisions.account(revision)).account
        except RevisionUnknown:
            return await self.accounts.export()
