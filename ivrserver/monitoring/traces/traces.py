"""All that makes spans, around the ports of one controller."""

from __future__ import annotations

from ivrserver.config import TracesSettings
from ivrserver.flow.ports import Clock, Journal, Speech, WebhookClient
from ivrserver.monitoring.traces.calls import Calls, TracedJournal
from ivrserver.monitoring.traces.export import Counted, Exporter
from ivrserver.monitoring.traces.speech import TracedSpeech
from ivrserver.monitoring.traces.webhooks import TracedWebhooks


class Traces:
    """Traces of one controller's calls.

    Args:
        settings: where they go, and how many.
        instance: name of this controller.
        clock: for what is not written down.
        counted: told what becomes of spans.
    """

    def __init__(
        self, settings: TracesSettings, instance: str, clock: Clock, counted: Counted
    ) -> None:
        self._share, self._clock = settings.share, clock
        self._exporter = Exporter(settings, instance, counted)
        self._calls = Calls(self._exporter, settings.share)

    def journal(self, journal: Journal) -> TracedJournal:
        """`journal`, and spans of what is written."""
        return TracedJournal(journal, self._calls)

    def webhooks(self, client: WebhookClient) -> TracedWebhooks:
        """`client`, and spans of its requests."""
        return TracedWebhooks(client, self._exporter, self._share, self._clock)

    def speech(self, speech: Speech) -> TracedSpeech:
        """`speech`, and spans of the prompts that were waited for."""
        return TracedSpeech(speech, self._exporter, self._calls.around, self._clock)

    async def close(self) -> None:
        """Send what waits, and end."""
        await self._exporter.close()
