"""Every metric is described in the manual, as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivrserver.resources import folder
from tests.unit.monitoring.everything import everything

GUIDE = folder("examples").parent / "docs" / "how-to" / "monitor.md"


def table() -> Iterator[str]:
    """A line of the manual for each metric of ours."""
    for made in dict.fromkeys(everything().registry._collector_to_names):
        (family, *_) = made.collect()
        if family.name.startswith("ivrserver_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = ", ".join(f"`{label}`" for label in made._labelnames)
            yield f"| `{name}` | {family.type} | {labels} | {family.documentation} |"


def test_the_manual_lists_every_metric_and_no_other() -> None:
    wanted = sorted(table())
    listed = re.findall(r"^\| `ivrserver_.*$", GUIDE.read_text(), re.MULTILINE)
    assert listed == wanted, "\n".join(["the table is to be:", *wanted])
