"""What these tests share."""

from __future__ import annotations

from tests.unit.recordings.places import place, s3_address

__all__ = ["place", "s3_address"]
