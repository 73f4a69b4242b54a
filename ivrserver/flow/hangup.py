"""Hangup is cancellation: a scope that ends when the other party does (ARCHITECTURE §5)."""

from __future__ import annotations

from types import TracebackType

from ivrserver.errors import CallerGone, ChannelGone
from ivrserver.flow.interruption import Unless
from ivrserver.flow.ports import Channel


class WhilePresent:
    """``async with WhilePresent(channel):`` cancels its body as soon as the party has left.

    The scope then raises `CallerGone`; so it does when the body itself ran into `ChannelGone`.
    A cancellation from elsewhere passes through unchanged.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._scope = Unless(channel.gone, _left)

    async def __aenter__(self) -> None:
        """Begin to watch.

        Raises:
            CallerGone: the party has left already.
        """
        if self._channel.gone.done():
            raise _left()
        await self._scope.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching; turn our own cancellation into `CallerGone`."""
        await self._scope.__aexit__(kind, error, traceback)
        if kind is not None and issubclass(kind, ChannelGone):
            raise _left() from error


def why_cancelled(caller: Channel) -> str:
    """Why what was going on for `caller` was cancelled, for people."""
    return "the caller hung up" if caller.gone.done() else "the server ended the call"


def _left() -> CallerGone:
    return CallerGone("the caller hung up")
