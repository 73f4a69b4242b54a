"""Requests to customers' web servers: how long they take and what comes of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry

from ivrserver.flow.ports import WebhookClient, WebhookRequest, WebhookResult
from ivrserver.monitoring.metrics.making import WAITS, Counted, gauge, histogram

_OUTCOMES: Final = ("ok", "redirect", "client_error", "server_error", "unsent", "unread")


def outcome_of(result: WebhookResult) -> str:
    """One word for what came of an attempt.

    ``unsent``: nothing reached the server; ``unread``: no reply, or none that could be read whole.
    """
    if not result.error:
        return "ok"
    if not result.sent:
        return "unsent"
    match result.status:
        case None:
            return "unread"
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "server_error"
        case status if status >= HTTPStatus.BAD_REQUEST:
            return "client_error"
        case status if status >= HTTPStatus.MULTIPLE_CHOICES:
            return "redirect"
        case _:
            return "unread"


class MeteredWebhooks:
    """Measures every attempt that another client makes."""

    def __init__(self, client: WebhookClient, registry: CollectorRegistry) -> None:
        self._client = client
        self._outcomes = Counted(
            registry, "webhook_requests_total", "Requests to customers' web servers, by what came"
            " of them.", "outcome", _OUTCOMES,
        )  # fmt: skip
        self._seconds = histogram(
            registry, "webhook_seconds", "How long each request took, whatever came of it.", WAITS
        )
        self._waiting = gauge(registry, "webhooks_in_flight", "Requests that are under way now.")

    async def send(self, request: WebhookRequest) -> WebhookResult:
        """See `WebhookClient.send`."""
        with self._waiting.track_inprogress():
            result = await self._client.send(request)
        self._seconds.observe(result.seconds)
        self._outcomes.add(outcome_of(result))
        return result
