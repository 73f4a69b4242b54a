"""In which pieces tests are handed to processes that run side by side (pytest-xdist).

A piece is a file, or a folder whose tests share one server and are begun together. Most tests of
pages and calls wait rather than compute, so there are more processes than cores. What takes longest
begins first, or everybody would wait for it in the end.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

CALLS = "tests/telephony"
TOGETHER = tuple(f"{CALLS}/{folder}/" for folder in ("attacks", "people", "lost"))
"""Folders that are one piece each; with a slash at the end, as `piece_of` has them."""
LONGEST = (
    "tests/unit/web/api/test_description.py",
    "tests/unit/web/test_rights_of_routes.py",
    "tests/unit/speech/test_listening_words.py",
    "tests/unit/storage/reports/test_calls.py",
    *(
        f"tests/browser/test_{name}.py"
        for name in (
            "behind_web_servers", "softphone_agent", "injection", "roles", "areas", "block_forms",
            "system", "softphone_controller", "first_call", "editing_live", "answers",
        )
    ),
    *TOGETHER,
    *(
        f"{CALLS}/test_{name}.py"
        for name in (
            "commands", "parts_that_fail", "two_controllers", "faults", "questions", "trunks",
            "prompt_delivery", "voicemail_by_mail", "webhook_on_calls", "full_disk",
            "sample_account", "hangups", "asterisk_service", "transfer_failures",
            "transcription", "tutorial",
        )
    ),
)  # fmt: skip
"""The pieces that take longest, in order."""


def piece_of(node_id: str) -> str:
    """The piece that a test belongs to."""
    file = node_id.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def turn_of(node_id: str) -> int:
    """When a test's piece begins: before all of a higher number."""
    piece = piece_of(node_id)
    return LONGEST.index(piece) if piece in LONGEST else len(LONGEST)


class SideBySide(LoadScopeScheduling):
    """Hands out one piece after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return piece_of(nodeid)
