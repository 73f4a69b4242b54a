"""All metrics of a controller, with every label that has a fixed set of words."""

from __future__ import annotations

from ivrserver.monitoring.metrics import Metrics
from tests.fakes import FakeJournal, FakeRecogniser, FakeSpeech, FakeWebhooks


def everything() -> Metrics:
    metrics = Metrics()
    metrics.journal(FakeJournal())
    metrics.webhooks(FakeWebhooks())
    metrics.speech(FakeSpeech())
    metrics.recogniser(FakeRecogniser())
    metrics.engines(lambda: {"flite": ""}, lambda: {"pocketsphinx": ""})
    metrics.prompts.spoke("flite", 0.1, failed=True)
    main = metrics.asterisks.of("main")
    main.look(connected=lambda: True, channels=lambda: 0, bridges=lambda: 0)
    for outcome in ("ok", "gone", "refused", "unavailable"):
        main.requested("asterisk.ping", 0.1, outcome)
    metrics.jobs.know(["webhook"])
    return metrics
