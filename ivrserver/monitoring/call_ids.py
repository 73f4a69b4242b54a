"""What a call's id tells: it is a ULID, 48 bits of time and 80 of chance."""

from __future__ import annotations

from datetime import UTC, datetime

from ulid import ULID


def began(call_id: str) -> datetime | None:
    """When the call began, to the millisecond, UTC; None: the id is not one of ours.

    Whoever adopts a call knows it by this, without having seen its beginning.
    """
    try:
        return ULID.from_str(call_id).datetime.astimezone(UTC)
    except ValueError:
        return None
