"""Read metrics as Prometheus does, and calls that are measured."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ivrserver.flow.world import World
from ivrserver.monitoring.metrics import Metrics
from tests.unit.flow.scene import Scene


class Readings(Metrics):
    """Metrics whose values can be asked for by name and labels."""

    def value(self, name: str, **labels: str) -> float:
        found = self.registry.get_sample_value(f"ivrserver_{name}", labels)
        assert found is not None, f"there is no {name} {labels}"
        return found

    def grown(self, name: str, label: str) -> dict[str, float]:
        """Every word of a counter that was counted."""
        return {
            sample.labels[label]: sample.value
            for metric in self.registry.collect()
            for sample in metric.samples
            if sample.name == f"ivrserver_{name}" and sample.value
        }


@dataclass
class MeasuredScene(Scene):
    """A call whose every port is measured."""

    metrics: Readings = field(default_factory=Readings)
    call_id: str = ""

    def world(self) -> World:
        plain = super().world()
        return replace(
            plain,
            journal=self.metrics.journal(self.journal),
            speech=self.metrics.speech(self.speech),
            recogniser=self.metrics.recogniser(self.recogniser),
            reporter=replace(plain.reporter, client=self.metrics.webhooks(self.webhooks)),
            new_id=(lambda: self.call_id) if self.call_id else plain.new_id,
        )
