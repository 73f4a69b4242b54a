"""Who calls, when, and what they say: the dice of `stories`."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ulid import ULID

ZONE: Final = ZoneInfo("America/New_York")
AREAS: Final = (
    "201", "202", "206", "212", "215", "303", "305", "310", "312", "313", "314", "323", "404",
    "408", "410", "412", "415", "416", "469", "503", "512", "602", "604", "612", "614", "615",
    "617", "619", "646", "702", "703", "704", "713", "718", "773", "786", "801", "816", "919",
)  # fmt: skip
HOURS: Final = (1, 1, 0, 0, 0, 1, 3, 8, 20, 36, 45, 48, 40, 42, 46, 44, 40, 34, 24, 16, 10, 6, 3, 2)
"""How many calls come in each hour of a day, compared with each other."""
WEEKDAYS: Final = (1.1, 1.0, 1.0, 1.0, 1.2, 0.8, 0.5)
MESSAGES: Final = (
    "hello this is about the invoice of last week please call me back before noon",
    "i would like to move my appointment to thursday morning if that is possible thank you",
    "good morning we are still waiting for the second parcel the first one came on monday could"
    " you find out where it is and let me know my number is the one i am calling from",
    "please call me back",
    "",
)
"""What voicemail messages say; nothing could be made out of the last one."""
COMMENTS: Final = (
    "The young man at the counter was very helpful",
    "It took a while until somebody had time for me",
    "I found everything at once thank you",
    "Please have more chairs at the repair desk",
    "The parking lot was full but the store was lovely",
    "My order was wrong the first time but you made it right",
    "",
    "I would like to see longer opening hours on Fridays",
)


class Dice(random.Random):
    """The same numbers for the same beginning, whatever machine it is."""

    def moments(self, many: int, days: int, now: datetime, zone: ZoneInfo = ZONE) -> list[datetime]:
        """When calls come in during the days of `zone` before `now`, in order."""
        today = now.astimezone(zone).date()
        dates = [today - timedelta(days=back) for back in range(days)]
        weights = [WEEKDAYS[day.weekday()] for day in dates]
        found: list[datetime] = []
        while len(found) < many:
            day = self.choices(dates, weights)[0]
            hour = self.choices(range(24), HOURS)[0]
            begins = datetime.combine(day, time(hour), zone)
            moment = (begins + timedelta(seconds=self.uniform(0, 3600))).astimezone(UTC)
            if moment < now - timedelta(minutes=10):
                found.append(moment)
        return sorted(found)

    def number(self) -> str:
        """A caller's number, of those that nobody has."""
        return f"{self.choice(AREAS)}55501{min(99, int(self.expovariate(1 / 25))):02}"

    def id(self, at: datetime) -> str:
        """An id as calls have it: its order is that of time."""
        moment = int(at.timestamp() * 1000).to_bytes(6, "big")
        return str(ULID(moment + self.randbytes(10)))

    def of(self, *weights: int) -> str:
        """A key from 1 on, by these weights."""
        return str(self.choices(range(1, len(weights) + 1), weights)[0])

    def chance(self, share: float) -> bool:
        """Yes, in that share of cases."""
        return self.random() < share
