"""Accounts that tests write as flow files."""

from __future__ import annotations

from ivrserver.blocks import Account
from ivrserver.blocks.files import FlowSource, load
from ivrserver.blocks.lint import Known


def flow(text: str) -> Account:
    """The account that a flow file describes."""
    return load([FlowSource("flow.yaml", text.encode())], Known())


def ivr(block_id: int, *questions: str, more: str = "") -> str:
    """An IVR as an entry of ``blocks``."""
    asked = ", ".join(questions)
    return f"  - {{id: {block_id}, kind: ivr, name: I{block_id}, questions: [{asked}]{more}}}\n"
