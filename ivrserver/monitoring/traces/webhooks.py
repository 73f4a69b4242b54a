"""Requests to customers' web servers as spans, and the header that lets theirs join ours."""

from __future__ import annotations

from dataclasses import replace

from ivrserver.flow.ports import Clock, WebhookClient, WebhookRequest, WebhookResult
from ivrserver.monitoring.traces.ids import root_of, sampled, within
from ivrserver.monitoring.traces.spans import Sink, Span, dotted


class TracedWebhooks:
    """Makes a span of every attempt that another client makes.

    The call is known by the parameter that every request carries, so it makes no difference whether
    its caller is still there, or which controller sends.
    """

    def __init__(self, client: WebhookClient, sink: Sink, share: float, clock: Clock) -> None:
        self._client, self._sink, self._share, self._clock = client, sink, share, clock

    async def send(self, request: WebhookRequest) -> WebhookResult:
        """See `WebhookClient.send`."""
        call_id = dict(request.parameters).get("ivr_session_id", "")
        root = root_of(call_id)
        if not call_id or not sampled(root, self._share):
            return await self._client.send(request)
        span = Span(
            name="webhook",
            place=within(root),
            parent=root,
            began=self._clock.now(),
            kind="client",
            attributes={
                "http.request.method": request.method.value,
                **dotted({"call__id": call_id, "response__id": request.webhook_id}),
            },
        )
        try:
            traced = replace(request, traceparent=span.place.traceparent)
            result = await self._client.send(traced)
        except BaseException:
            span.error = "given up"
            raise
        else:
            if result.status is not None:
                span.attributes["http.response.status_code"] = result.status
            span.error = result.error and "no usable reply"
            return result
        finally:
            span.ended = self._clock.now()
            self._sink(span)
