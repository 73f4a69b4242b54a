"""What a reply that is kept was understood as, and what its call then did. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ivrserver.actions.explain import Explanation, explain_kept
from ivrserver.actions.message import SpokenMessage, spoken_message
from ivrserver.blocks import FlowBook, Ivr, WebhookMode
from ivrserver.errors import ActionError
from ivrserver.flow.chart import Line, draw_chart
from ivrserver.flow.delivery import BODY_KEPT, BODY_SHOWN
from ivrserver.flow.events import (
    ActionChosen,
    BackupRouted,
    BlockEntered,
    Bridged,
    CallEnded,
    Referred,
    WebhookAnswered,
    WebhookMissed,
    WebhookRequested,
)
from ivrserver.flow.records import TimelineEntry
from ivrserver.flow.trial.names import NamesOf

_MOST: Final = 12
"""Lines of what was then done: the whole of it is on the call's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """A reply that is kept, explained.

    Attributes:
        understood: of a reply in mode "Retrieve next action".
        message: what a reply in mode "Retrieve message and read to user" gives to read.
        problem: why it gives nothing to read.
        then: what the call did because of the reply, or of there being no usable one, in order, as
            far as the next block; empty: it was not acted on.
    """

    understood: Explanation | None = None
    message: SpokenMessage | None = field(default=None, repr=False)
    problem: str = ""
    then: tuple[Line, ...] = ()


def explained(body: str, ivr: Ivr | None, book: FlowBook) -> Replied:
    """Explain a reply by itself.

    Args:
        body: as it is kept, with something in it or not.
        ivr: whose web server replied, as the call knew it; None: it is not known any more.
        book: the account of that time, which the reply refers to.
    """
    match ivr and ivr.webhook.mode:
        case WebhookMode.NEXT_ACTION:
            cut = len(body) in (BODY_SHOWN, BODY_KEPT)  # earlier versions have kept less
            return Replied(understood=explain_kept(body, cut=cut, names=NamesOf(book)))
        case WebhookMode.READ_MESSAGE:
            try:
                return Replied(message=spoken_message(body.encode(), "", "utf-8"))
            except ActionError as error:
                return Replied(problem=str(error))
        case _:
            return Replied()


def then(
    entries: Sequence[TimelineEntry], number: int, url: str, sent_at: datetime
) -> tuple[Line, ...]:
    """What a call did after a request.

    Args:
        entries: the call's timeline, in order.
        number: of the request, from 1.
        url: where it went, as it is shown.
        sent_at: when.
    """
    places = list(_places(entries, number, url, sent_at))
    if not any(isinstance(entries[at].event, ActionChosen | BackupRouted) for at in places):
        return ()
    lines = draw_chart(entries).lines
    return tuple(lines[at] for at in places[:_MOST])


def _places(
    entries: Sequence[TimelineEntry], number: int, url: str, sent_at: datetime
) -> Iterator[int]:
    """Where the timeline has what came between the end of that request and the next block."""
    asked = came = False
    for at, entry in enumerate(entries):
        match entry.event:
            case WebhookRequested(_, to, _, attempt):
                if came:
                    return  # it was asked again: what follows comes of that
                asked = asked or (attempt == number and to == url and entry.at >= sent_at)
            case WebhookAnswered() | WebhookMissed() if asked and not came:
                came = True
            case BlockEntered() | Bridged() | Referred() | CallEnded() if asked:
                if came:
                    yield at
                return  # before the reply: nobody has waited for it
            case _ if came:
                yield at
