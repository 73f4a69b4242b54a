"""What is right in an account, but probably not meant: told when it is loaded, and not refused."""

from __future__ import annotations

from collections.abc import Iterator

from ivrserver.blocks.model import Account, Ivr
from ivrserver.blocks.questions import Record


def doubts(account: Account) -> Iterator[str]:
    """Each of them in a line: what it is about, and what to do."""
    for block in account.blocks:
        if isinstance(block, Ivr) and block.webhook.transcription_url and not _transcribes(block):
            yield (
                f"block {block.block_id} ({block.name}): webhook.transcription_url will receive "
                "nothing; give a question of type record transcribe: true, or take the URL out"
            )


def _transcribes(ivr: Ivr) -> bool:
    return any(isinstance(asked, Record) and asked.transcribe for asked in ivr.questions)
