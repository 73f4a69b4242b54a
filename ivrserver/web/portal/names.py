"""What blocks and keys are called, for pages about calls: those of the account as it is now."""

from __future__ import annotations

from collections.abc import Mapping

from ivrserver.blocks import Account, Choice, Ivr, YesNo


def block_names(account: Account) -> Mapping[int, str]:
    """What each block is called; a dynamic FindMe has id 0."""
    return {0: "FindMe"} | {block.block_id: block.name for block in account.blocks}


def meanings(account: Account) -> Mapping[tuple[int, int, str], str]:
    """What keys mean, as the account says now: by IVR, question and key."""
    found: dict[tuple[int, int, str], str] = {}
    for ivr in account.blocks:
        for asked in ivr.questions if isinstance(ivr, Ivr) else ():
            at = (ivr.block_id, asked.question_id)
            match asked:
                case Choice(keys=keys):
                    found |= {(*at, key.key): key.label for key in keys if key.label}
                case YesNo():
                    found |= {(*at, "1"): "yes", (*at, "2"): "no"}
    return found
