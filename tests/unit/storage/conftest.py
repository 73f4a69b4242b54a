from __future__ import annotations

import pytest


@pytest.fixture
def database_url(migrated_url: str) -> str:
    """With the newest schema, which nearly every test here needs; `empty_url` is without one."""
    return migrated_url
