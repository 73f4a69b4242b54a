"""A customer's web server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ivrserver.flow.ports import WebhookRequest, WebhookResult


@dataclass
class FakeWebhooks:
    """A web server that answers with what the test lines up."""

    results: list[WebhookResult] = field(default_factory=list)
    requests: list[WebhookRequest] = field(default_factory=list)
    delay: float = 0.1

    async def send(self, request: WebhookRequest) -> WebhookResult:
        self.requests.append(request)
        await asyncio.sleep(self.delay)
        if self.results:
            return self.results.pop(0)
        return WebhookResult(error="connection refused", sent=False)

    def reply(self, body: str, content_type: str = "text/xml") -> None:
        self.results.append(
            WebhookResult(
                status=200, body=body.encode(), charset="utf-8", content_type=content_type
            )
        )

    def sent(self, number: int = -1) -> dict[str, str]:
        return dict(self.requests[number].parameters)
