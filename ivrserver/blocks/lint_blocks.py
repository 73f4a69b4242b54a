"""What is wrong inside blocks, and between a FindMe and those that it hands its callers to.

Works on the plain trees of flow files and bears every other mistake in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import time
from itertools import combinations
from typing import Any

from ivrserver.blocks.references import number
from ivrserver.blocks.schedule_forms import MIDNIGHT, read_closing, read_days, read_opening
from ivrserver.blocks.yamltree import Path

Advice = tuple[Path, str]
"""Where in the block, and what to do."""

_MENUS = ("menu", "closed", "holiday")


def overlaps(block: Mapping[str, Any]) -> Iterator[Advice]:
    """Stretches of opening hours that are open twice."""
    schedule = block.get("schedule")
    hours = schedule.get("hours") if isinstance(schedule, Mapping) else None
    stretches = [
        (at, *stretch)
        for at, entry in enumerate(hours if isinstance(hours, list) else [])
        if (stretch := _stretch(entry))
    ]
    for (one, days, opens, closes), (two, others, begins, ends) in combinations(stretches, 2):
        both = [day for day in days if day in others]
        if both and opens < (ends or time.max) and begins < (closes or time.max):
            text = f"overlaps hours[{one}] on {', '.join(both)}; let one end before the other opens"
            yield ("schedule", "hours", two), text


def _stretch(entry: Any) -> tuple[tuple[str, ...], time, time | None] | None:
    """Days, opening and closing time (None: midnight) of one entry; None: it cannot be read."""
    if not isinstance(entry, Mapping):
        return None
    try:
        closes = read_closing(entry.get("close"))
        end = None if closes == MIDNIGHT else closes
        return read_days(entry.get("days")), read_opening(entry.get("open")), end
    except ValueError:
        return None


def clashes(block: Mapping[str, Any], phones: Mapping[str, str]) -> Iterator[Advice]:
    """Keys and extensions of menus that stand for two things.

    Args:
        block: of any kind.
        phones: extension of each registered phone, by its name.
    """
    for place in _MENUS:
        menu = block.get(place)
        if not isinstance(menu, Mapping):
            continue
        keys, extensions = (
            found if isinstance(found := menu.get(name), Mapping) else {}
            for name in ("keys", "extensions")
        )
        for extension in extensions:
            if extension in keys:
                text = f"{extension} is a key of this menu too, which wins; change one of them"
                yield (place, "extensions", extension), text
        if menu.get("direct") in ("true", True):
            for name, extension in phones.items():
                table = "keys" if extension in keys else "extensions"
                if extension and (extension in keys or extension in extensions):
                    text = f"{extension} is the extension of phone {name} too; change one of them"
                    yield (place, table, extension), text


def roundabouts(blocks: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """FindMe blocks whose next actions hand a caller round for ever: advice by block id."""
    leads: dict[int, int] = {}
    for block in blocks:
        action, own = block.get("next_action"), number(block.get("id"))
        target = number(action.get("findme")) if isinstance(action, Mapping) else None
        if own is not None and target is not None:
            leads[own] = target
    found: dict[int, str] = {}
    seen: set[int] = set()
    for start in leads:
        way = [start]
        while (then := leads.get(way[-1])) is not None and then not in way:
            way.append(then)
        if then == start and not seen & set(way):
            seen.update(way)
            shown = " → ".join(str(each) for each in [*way, start])
            found[start] = f"leads round for ever ({shown}); use loops, and let it end elsewhere"
    return found
