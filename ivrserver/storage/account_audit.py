"""What the audit log tells of the account: an entry for each number, block and sound file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from ivrserver.access import Author
from ivrserver.blocks.forms import form_of
from ivrserver.storage import audit
from ivrserver.storage.audit import Deed
from ivrserver.storage.merge import StoredAccount

_HIDDEN: Final = "set"
_ANEW: Final = "set anew"
"""What is told in place of a webhook's secret."""


async def write_deeds(
    connection: AsyncConnection,
    before: StoredAccount,
    after: StoredAccount,
    by: Author,
    restores: int | None = None,
) -> None:
    """Write what a change of the account has done, in its own transaction.

    Args:
        restores: the revision that has come back, if that is what has happened; told first.
    """
    told = list(deeds(before, after))
    if restores is not None:
        was, is_ = {"in_force": before.revision}, {"in_force": after.revision}
        told.insert(0, Deed("restore", "revision", str(restores), was, is_))
    await audit.write(connection, by, *told)


def deeds(before: StoredAccount, after: StoredAccount) -> Iterator[Deed]:
    """What a change has done to each thing of the account, without secrets."""
    old, new = before.account, after.account
    yield from _deeds(
        "number",
        {each.number: _tree(each) for each in old.numbers},
        {each.number: _tree(each) for each in new.numbers},
    )
    yield from _deeds(
        "block",
        {str(each.block_id): _tree(each) for each in old.blocks},
        {str(each.block_id): _tree(each) for each in new.blocks},
    )
    yield from _deeds(
        "audio",
        {name: {"file": file} for name, file in before.stored.items()},
        {name: {"file": file} for name, file in after.stored.items()},
    )


def _deeds(
    kind: str, old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]
) -> Iterator[Deed]:
    for thing in sorted(old.keys() | new.keys()):
        was, is_ = old.get(thing), new.get(thing)
        if was == is_:
            continue
        verb = "create" if was is None else "delete" if is_ is None else "change"
        yield Deed(verb, kind, thing, *_without_secrets(was, is_))


def _tree(item: Any) -> dict[str, Any]:
    tree: dict[str, Any] = form_of(item).model_dump(mode="json", by_alias=True)
    return tree


def _without_secrets(
    was: dict[str, Any] | None, is_: dict[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both, with words in place of webhooks' secrets that still tell whether they differ."""
    old, new = _secret(was), _secret(is_)
    return _told(was, _HIDDEN), _told(is_, _ANEW if old and old != new else _HIDDEN)


def _secret(tree: dict[str, Any] | None) -> str:
    return str((tree or {}).get("webhook", {}).get("secret") or "")


def _told(tree: dict[str, Any] | None, word: str) -> dict[str, Any] | None:
    if tree is None or not _secret(tree):
        return tree
    return tree | {"webhook": tree["webhook"] | {"secret": word}}
