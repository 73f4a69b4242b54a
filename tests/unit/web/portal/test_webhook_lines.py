"""The chart of how long requests took has each of them, wherever the account is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ivrserver.storage.reports import Latency
from ivrserver.storage.reports.times import hour_of
from ivrserver.web.portal.pages_webhooks import latency_lines

NOW = datetime(2030, 4, 7, 12, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
def test_every_hour_with_requests_is_in_the_chart(name: str) -> None:
    zone, since = ZoneInfo(name), NOW - timedelta(days=1)
    begins = dict.fromkeys(hour_of(since + timedelta(minutes=m), zone) for m in range(0, 1440, 5))
    hours = [Latency(each.astimezone(zone), 1, 0, 0.2, 0.4) for each in begins]
    labels, ((_, median), (_, slow)) = latency_lines(hours, since, NOW, zone)
    assert median == [0.2] * len(hours)
    assert slow == [0.4] * len(hours)
    assert len(labels) == len(hours)
