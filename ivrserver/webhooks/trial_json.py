"""A tried webhook as JSON-ready values, spelled as in the API."""

from __future__ import annotations

from typing import Any

from ivrserver.actions.explain import Explanation, Line
from ivrserver.actions.message import SpokenMessage
from ivrserver.webhooks.client import Exchange
from ivrserver.webhooks.trial import Trial


def as_json(trial: Trial) -> dict[str, Any]:
    """A trial: what was sent and came, how it is understood, and what would happen."""
    reply, last = trial.reply, trial.reply.result
    return {
        "doubts": list(trial.doubts),
        "parameters": [list(pair) for pair in trial.parameters],
        "attempts": [_attempt(exchange) for exchange in trial.exchanges],
        "reply": {
            "status": last.status,
            "content_type": last.content_type,
            "charset": last.charset,
            "body": trial.body,
            "seconds": round(reply.waited, 3),
            "error": last.error,
        },
        **understanding(reply.understood, reply.message, reply.problem),
        "story": [{"text": step.text, "mood": step.mood.value} for step in trial.story],
    }


def understanding(
    understood: Explanation | None, message: SpokenMessage | None, problem: str
) -> dict[str, Any]:
    """How a reply is understood."""
    return {
        "understood": None if understood is None else _understood(understood),
        "message": None
        if message is None
        else {"text": message.text, "cut": message.cut, "html": message.is_html},
        "message_error": problem,
    }


def _understood(explained: Explanation) -> dict[str, Any]:
    line, column = explained.at
    return {
        "error": explained.error,
        "line": line,
        "column": column,
        "notes": list(explained.notes),
        "lines": [_line(each) for each in explained.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "line": line.line,
        "depth": line.depth,
        "name": line.name,
        "text": line.text,
        "use": line.use.word,
        "means": line.means,
        "value": line.value,
        "notes": list(line.notes),
    }


def _attempt(exchange: Exchange) -> dict[str, Any]:
    request, result = exchange.request, exchange.result
    return {
        "method": request.method if request else "",
        "url": str(request.url) if request else "",
        "headers": [list(pair) for pair in exchange.request_headers],
        "body": request.body.decode("ascii") if request else "",
        "status": result.status,
        "reply_headers": [list(pair) for pair in exchange.reply_headers],
        "seconds": round(result.seconds, 3),
        "error": result.error,
        "sent": result.sent,
    }
