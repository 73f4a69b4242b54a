"""The dashboard and the alerts ask only for metrics, labels and words that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from ivrserver.resources import folder
from tests.unit.monitoring.everything import everything

FOLDER = folder("examples") / "monitoring"
PROMETHEUS_OWN = {"up": set[str]()}
EVERYWHERE = {"job", "instance", "le"}
SELECTED = re.compile(r"\b([a-z_]{2,})(?:\{([^}]*)\})?")
LABEL = re.compile(r'(\w+)\s*(=~|!=|=)\s*"([^"]*)"')


def dashboard() -> Iterator[tuple[str, str]]:
    for panel in json.loads((FOLDER / "grafana.json").read_text())["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def rules() -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def known() -> dict[str, dict[str, set[str]]]:
    """By name of a series: the words of each of its labels."""
    series: dict[str, dict[str, set[str]]] = {}
    for family in everything().registry.collect():
        for sample in family.samples:
            labels = series.setdefault(sample.name, {})
            for label, word in sample.labels.items():
                labels.setdefault(label, set()).add(word)
    return series


@pytest.mark.parametrize(("where", "expression"), [*dashboard(), *rules()])
def test_what_is_asked_for_is_there(where: str, expression: str) -> None:
    series = known()
    asked = [
        (name, labels)
        for name, labels in SELECTED.findall(expression)
        if name.startswith(("ivrserver_", "process_", "python_"))
    ]
    assert asked or "up{" in expression, "it asks for nothing of ours"
    for name, labels in asked:
        assert name in series, f"{where}: there is no {name}"
        for label, sign, word in LABEL.findall(labels):
            if label in EVERYWHERE:
                continue
            assert label in series[name], f"{where}: {name} has no label {label}"
            if sign != "=~":
                assert word in series[name][label], f"{where}: {label} is never {word}"
    grouped = re.findall(r"by \(([^)]*)\)", expression)
    labels_there = set(EVERYWHERE).union(*(series[name] for name, _ in asked))
    assert {label.strip() for by in grouped for label in by.split(",")} <= labels_there


def test_every_panel_has_a_place_of_its_own() -> None:
    taken: set[tuple[int, int]] = set()
    panels = json.loads((FOLDER / "grafana.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"].keys() == {"summary", "action"}
            assert rule["labels"]["severity"] in {"critical", "warning"}
