"""Pass-through data as people write it: ``key|value||key|value`` (reference).

For display only. On the wire the data is opaque and goes back exactly as it came.
"""

from __future__ import annotations


def pairs(data: str) -> tuple[tuple[str, str], ...]:
    """Read the pairs in order, duplicates kept; text without a ``|`` is a key without a value.

    >>> pairs("user_id|90786||step|verify_user")
    (('user_id', '90786'), ('step', 'verify_user'))
    """
    entries = (entry.partition("|") for entry in data.split("||") if entry)
    return tuple((key, value) for key, _, value in entries)
