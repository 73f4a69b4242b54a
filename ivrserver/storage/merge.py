"""What applying an account would make of the one in the database. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ivrserver.blocks import Account, Block
from ivrserver.blocks.doubts import Doubt, doubts
from ivrserver.blocks.graph import draw
from ivrserver.blocks.lint import Known, lint
from ivrserver.blocks.schema import AccountForm
from ivrserver.blocks.yamltree import Document
from ivrserver.errors import FlowFileError

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Changes:
    """What applying an account changed, for people: ``block 100 (Survey)``, ``number sample``.

    Attributes:
        revision: the account's revision now; it grows only if something changed.
    """

    revision: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """All of it in one line, such as ``changed block 100 (Survey)``; empty: nothing."""
        parts = {"added": self.added, "changed": self.changed, "removed": self.removed}
        return "; ".join(f"{word} {', '.join(names)}" for word, names in parts.items() if names)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """The account as the database has it.

    Attributes:
        stored: name in the audio folder of each library file, by the name that prompts use.
    """

    revision: int
    account: Account
    stored: Mapping[str, str]


def merged(
    before: StoredAccount, account: Account, copied: Mapping[str, str], *, prune: bool
) -> StoredAccount:
    """What the database would hold after applying `account`.

    Args:
        before: what it holds now.
        account: what is wanted.
        copied: stored name of each audio file that came with it.
        prune: nothing but `account` is to remain.

    Raises:
        FlowFileError: an audio file was never given.
    """
    merged = account if prune else overlaid(before.account, account)
    files = {**before.stored, **copied}
    missing = [audio.name for audio in merged.audio if audio.name not in files]
    if missing:
        raise FlowFileError("\n".join(f"audio {name}: there is no file" for name in missing))
    stored = {audio.name: files[audio.name] for audio in merged.audio}
    revision = before.revision
    if (merged, stored) != (before.account, before.stored):
        revision += 1
    return StoredAccount(revision, merged, stored)


def foreseen(before: StoredAccount, account: Account, *, prune: bool) -> Changes:
    """What applying `account` without sound files would change, at the revision that there is.

    Raises:
        FlowFileError: a sound file of it is not there, or something would lead nowhere.
    """
    after = merged(before, account, {}, prune=prune)
    check(after)
    return replace(changes_between(before, after), revision=before.revision)


def new_doubts(before: Account, account: Account) -> list[Doubt]:
    """What is doubtful about the parts of `account`, and about others because of them."""
    known, parts = set(doubts(before)), draw(account).named()
    found = doubts(overlaid(before, account))
    return [each for each in found if not each.note and (each.node in parts or each not in known)]


def overlaid(before: Account, account: Account) -> Account:
    """`before` with what `account` replaces, then the rest of `account`."""
    return Account(
        numbers=_joined(before.numbers, account.numbers, "number"),
        blocks=_joined(before.blocks, account.blocks, "block_id"),
        audio=_joined(before.audio, account.audio, "name"),
    )


def _joined(old: tuple[Item, ...], new: tuple[Item, ...], key: str) -> tuple[Item, ...]:
    """`old` with what `new` replaces, then the rest of `new`."""
    items = {getattr(item, key): item for item in old}
    return tuple((items | {getattr(item, key): item for item in new}).values())


def _named(stored: StoredAccount) -> dict[str, object]:
    """Everything in the account, by what people call it (a block's name may change: by its id)."""
    account = stored.account
    return {
        **{f"number {number.number}": number for number in account.numbers},
        **{f"audio {audio.name}": (audio, stored.stored[audio.name]) for audio in account.audio},
        **{f"block {block.block_id}": block for block in account.blocks},
    }


def changes_between(before: StoredAccount, after: StoredAccount) -> Changes:
    """What is different, for people."""
    old, new = _named(before), _named(after)
    return Changes(
        revision=after.revision,
        added=tuple(_shown(name, new) for name in new if name not in old),
        changed=tuple(_shown(name, new) for name in new if name in old and old[name] != new[name]),
        removed=tuple(_shown(name, old) for name in old if name not in new),
    )


def _shown(name: str, items: Mapping[str, object]) -> str:
    item = items[name]
    return f"{name} ({item.name})" if isinstance(item, Block) else name


def check(stored: StoredAccount) -> None:
    """Refuse references that lead nowhere, also from what was there before."""
    tree = AccountForm.of(stored.account).tree()
    problems = [found.problem for found in lint([Document("account", tree)], Known())]
    if problems:
        lines = [f"in the database then: {each.field}: {each.text}" for each in problems]
        raise FlowFileError("\n".join(lines), [(each.field, each.text) for each in problems])
