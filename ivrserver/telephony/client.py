"""ARI's operations as typed methods. The only module that touches aioari.

aioari reads the Swagger files that Asterisk itself serves and makes an operation object of each
entry. They are looked up once and called directly: its object promotion, its event loop and its
HTTP client are not used.

What a status means: below 400 it worked; 404, 409 and 422 on a channel mean that the call has
moved on or is gone (`ChannelGone`); everything else is `AriRefused`.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

import orjson

from ivrserver.config import FIRST_ASTERISK
from ivrserver.errors import AriRefused, ChannelGone
from ivrserver.flow.kept import Replay, no_replay
from ivrserver.telephony.router import Event
from ivrserver.telephony.transport import Checked, Download, Reply, Route, Transport
from ivrserver.telephony.watching import GONE, UNWATCHED, AriWatcher, watched

with warnings.catch_warnings():
    # Its source has invalid escape sequences, which Python reports when it compiles the file.
    warnings.simplefilter("ignore")
    import aioari
    from aioswagger11.processors import SwaggerError

# It writes the parameters of every request, caller data among them, at level DEBUG.
logging.getLogger("aioswagger11").setLevel(logging.WARNING)
logging.getLogger("aioari").setLevel(logging.WARNING)

_WAITING = frozenset({"answer", "setChannelVar", "addChannel", "removeChannel"})
"""Operations that wait while media plays."""

_BINARY = frozenset({"getStoredFile"})
"""Operations whose answer is not JSON."""

LEG = "leg"
"""Argument of the StasisStart of every channel that we make: it is no call to us."""

_NOTHING: frozenset[int] = frozenset()


class _Operation(Protocol):
    """One of aioari's operation objects."""

    http_client: Route
    uri: str

    async def __call__(self, **parameters: Any) -> Reply: ...


def _reason(reply: Reply) -> str:
    """Asterisk's own words for an error."""
    try:
        body = reply.json()
    except orjson.JSONDecodeError:
        return ""
    if isinstance(body, dict):
        return str(body.get("message") or body.get("error") or "")
    return ""


class Ari:
    """One Asterisk, as this controller's Stasis application sees it.

    Every method raises `AriUnavailable` when there is no connection or no answer in time,
    `AriRefused` when Asterisk answers with an error, and those on a channel `ChannelGone`.

    Attributes:
        application: our Stasis application name.
        asterisk: this Asterisk's name.
        by_socket: requests travel over the WebSocket where they may.
        elsewhere: finds the recordings that this Asterisk does not have.
    """

    def __init__(
        self,
        transport: Transport,
        application: str,
        watcher: AriWatcher = UNWATCHED,
        asterisk: str = FIRST_ASTERISK,
    ) -> None:
        self._transport, self._watcher = transport, watcher
        self._operations: dict[str, _Operation] = {}
        self.application = application
        self.asterisk = asterisk
        self.elsewhere: Replay = no_replay
        self.by_socket = False

    async def load(self) -> None:
        """Read the Swagger files. Needs HTTP only, and must come before anything else."""
        client = aioari.Client(self._transport.base_url, Checked(self._transport.http))
        try:
            await client.init()
        except (SwaggerError, LookupError, TypeError, ValueError) as error:
            raise AriRefused("what answers there is not Asterisk's ARI", 0) from error
        self.by_socket = "RESTRequest" in client.event_models
        for resource, repository in client.repositories.items():
            for name, operation in repository.api.operations.items():
                operation.http_client = self._route(name)
                operation.uri = operation.uri.partition("/ari/")[2]
                self._operations[f"{resource}.{name}"] = operation

    def _route(self, operation: str) -> Route:
        if operation in _BINARY or not self.by_socket:
            return self._transport.http
        return self._transport.detour if operation in _WAITING else self._transport.socket

    def use_http_only(self) -> None:
        """Send everything by HTTP: there will be no WebSocket any more."""
        self.by_socket = False
        for operation in self._operations.values():
            operation.http_client = self._transport.http

    async def _call(
        self, name: str, gone: frozenset[int] = _NOTHING, /, **parameters: Any
    ) -> Reply:
        operation = self._operations.get(name)
        if operation is None:
            raise AriRefused(f"this Asterisk has no ARI operation {name}", 501)
        reply = await watched(self._watcher, name, operation(**parameters))
        if not reply.failed:
            return reply
        reason = _reason(reply)
        if reply.status in gone:
            raise ChannelGone(f"{name}: {reason or reply.status}")
        raise AriRefused(f"{name}: status {reply.status} {reason}".rstrip(), reply.status)

    async def _unless_missing(self, name: str, **parameters: Any) -> Reply | None:
        """Like `_call`; None when Asterisk does not know what is asked for."""
        try:
            return await self._call(name, **parameters)
        except AriRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    # The application.

    async def ping(self) -> None:
        """Check that Asterisk answers."""
        await self._call("asterisk.ping")

    async def ignore_events(self, types: Sequence[str]) -> None:
        """Tell Asterisk which events we never need; an empty list: send all.

        By HTTP and past aioari, which would wrap the body in a name that Asterisk does not expect.
        """
        body = orjson.dumps({"disallowed": [{"type": name} for name in types]}).decode()
        reply = await self._transport.http.request(
            "PUT",
            f"applications/{self.application}/eventFilter",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        if reply.failed:
            raise AriRefused(f"event filter: {_reason(reply)}", reply.status)

    async def claim(self, channel_id: str) -> bool:
        """Take a broadcast call; False: somebody else has it, or it is over."""
        try:
            await self._call(
                "events.claimChannel", channelId=channel_id, application=self.application
            )
        except AriRefused as error:
            if error.status in GONE:
                return False
            raise
        return True

    async def channels_of(self, application: str) -> set[str]:
        """Ids of the channels that belong to that application; none if there is no such one."""
        reply = await self._unless_missing("applications.get", applicationName=application)
        return set() if reply is None else set(reply.json()["channel_ids"])

    async def channels(self) -> list[Event]:
        """Every channel of this Asterisk."""
        return list((await self._call("channels.list")).json())

    async def has_channel(self, channel_id: str) -> bool:
        """Whether that channel is there."""
        return await self._unless_missing("channels.get", channelId=channel_id) is not None

    async def bridges(self) -> list[Event]:
        """Every bridge of this Asterisk."""
        return list((await self._call("bridges.list")).json())

    # Channels.

    async def answer(self, channel_id: str) -> None:
        """Answer the channel."""
        await self._call("channels.answer", GONE, channelId=channel_id)

    async def hang_up(self, channel_id: str, reason: str = "normal") -> None:
        """Hang the channel up; `reason` is one of ARI's words."""
        await self._call("channels.hangup", GONE, channelId=channel_id, reason=reason)

    async def leave_to_dialplan(self, channel_id: str) -> None:
        """Let the channel go on in the dialplan."""
        await self._call("channels.continueInDialplan", GONE, channelId=channel_id)

    async def go_to(self, channel_id: str, context: str, extension: str) -> None:
        """Let the channel go on at a place of the dialplan."""
        await self._call(
            "channels.continueInDialplan",
            GONE,
            channelId=channel_id,
            context=context,
            extension=extension,
            priority=1,
        )

    async def move(self, channel_id: str, application: str) -> None:
        """Hand a channel of any application to that one; it stays in its bridge.

        Its StasisStart there has no arguments.
        """
        await self._call("channels.move", GONE, channelId=channel_id, app=application)

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        """Set a variable that the dialplan reads."""
        await self._call(
            "channels.setChannelVar", GONE, channelId=channel_id, variable=name, value=value
        )

    async def watch(self, channel_id: str) -> None:
        """Be told of the channel's end also while it is in the dialplan."""
        await self._call(
            "applications.subscribe",
            GONE,
            applicationName=self.application,
            eventSource=f"channel:{channel_id}",
        )

    async def run_dialplan(
        self, channel_id: str, context: str, extension: str, variables: Mapping[str, str]
    ) -> None:
        """Run a place of the dialplan that is about no call and answers nobody.

        It runs on a channel made for it; the end of that is the end of `channel_id`.
        """
        await self._call(
            "channels.originateWithId",
            channelId=channel_id,
            endpoint=f"Local/{extension}@{context}/n",
            app=self.application,
            variables={f"__{name}": value for name, value in variables.items()},
        )

    async def start_ringing(self, channel_id: str) -> None:
        """Let the channel hear ringing."""
        await self._call("channels.ring", GONE, channelId=channel_id)

    async def stop_ringing(self, channel_id: str) -> None:
        """End it."""
        await self._call("channels.ringStop", GONE, channelId=channel_id)

    async def start_hold(self, channel_id: str) -> None:
        """Let the channel hear hold music."""
        await self._call("channels.startMoh", GONE, channelId=channel_id)

    async def stop_hold(self, channel_id: str) -> None:
        """End it."""
        await self._call("channels.stopMoh", GONE, channelId=channel_id)

    async def packets_received(self, channel_id: str) -> int | None:
        """How many RTP packets have come in; None: this channel has no RTP."""
        reply = await self._unless_missing("channels.rtpstatistics", channelId=channel_id)
        return None if reply is None else int(reply.json()["rxcount"])

    async def create(
        self, endpoint: str, channel_id: str, originator: str, variables: Mapping[str, str]
    ) -> None:
        """Make a channel to `endpoint`, in our application, not dialled yet.

        Its StasisStart has the argument `LEG`.
        """
        await self._call(
            "channels.create",
            endpoint=endpoint,
            app=self.application,
            appArgs=LEG,
            channelId=channel_id,
            originator=originator,
            variables=dict(variables),
        )

    async def dial(self, channel_id: str, seconds: int) -> None:
        """Dial a created channel.

        No `caller` is named: its caller id would replace the one that `create` has set.
        """
        await self._call("channels.dial", GONE, channelId=channel_id, timeout=seconds)

    # Media.

    async def play(self, channel_id: str, playback_id: str, media: Sequence[str]) -> None:
        """Play `media`, one after the other, without gaps."""
        await self._call(
            "channels.playWithId",
            GONE,
            channelId=channel_id,
            playbackId=playback_id,
            media=",".join(media),
        )

    async def stop_playback(self, playback_id: str) -> bool:
        """Stop it; False: it had ended already."""
        return await self._unless_missing("playbacks.stop", playbackId=playback_id) is not None

    async def is_playing(self, playback_id: str) -> bool:
        """Whether that playback still exists."""
        return await self._unless_missing("playbacks.get", playbackId=playback_id) is not None

    async def record(
        self,
        channel_id: str,
        name: str,
        *,
        max_seconds: int,
        silence: int,
        beep: bool,
        terminator: str,
    ) -> None:
        """Record what the channel says into the WAV file `name`.

        Args:
            silence: seconds of it that end the recording; 0: none do.
            terminator: ``#``, ``*``, ``any`` or ``none``.
        """
        await self._call(
            "channels.record",
            frozenset({404}),
            channelId=channel_id,
            name=name,
            format="wav",
            maxDurationSeconds=max_seconds,
            maxSilenceSeconds=silence,
            beep="yes" if beep else "no",
            terminateOn=terminator,
            ifExists="overwrite",
        )

    async def stop_recording(self, name: str) -> bool:
        """Stop and keep it; False: it had ended already."""
        return await self._unless_missing("recordings.stop", recordingName=name) is not None

    async def is_recording(self, name: str) -> bool:
        """Whether that recording still goes on."""
        return await self._unless_missing("recordings.getLive", recordingName=name) is not None

    async def has_recording(self, name: str) -> bool:
        """Whether there is a finished recording of that name."""
        return await self._unless_missing("recordings.getStored", recordingName=name) is not None

    async def delete_recording(self, name: str) -> bool:
        """Remove a finished recording; False: there is none of that name."""
        reply = await self._unless_missing("recordings.deleteStored", recordingName=name)
        return reply is not None

    async def recording_file(self, name: str) -> bytes:
        """The WAV file of a finished recording."""
        reply = await self._call("recordings.getStoredFile", recordingName=name)
        return reply.body if isinstance(reply.body, bytes) else reply.body.encode()

    def download(self, url: str) -> Download:
        """``async with``: a file, piece by piece, however long it is; see `HttpRoute.download`."""
        return self._transport.http.download(url)

    # Bridges.

    async def create_bridge(self, bridge_id: str) -> None:
        """Make a bridge that mixes audio and reports keys."""
        await self._call("bridges.createWithId", bridgeId=bridge_id, type="mixing,dtmf_events")

    async def add_to_bridge(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        """Put channels into the bridge; their media must have ended."""
        await self._call(
            "bridges.addChannel",
            frozenset({400, 422}),
            bridgeId=bridge_id,
            channel=",".join(channel_ids),
        )

    async def remove_from_bridge(self, bridge_id: str, channel_id: str) -> None:
        """Take a channel out; returns when it has left."""
        gone = frozenset({400, 404, 422})
        await self._call("bridges.removeChannel", gone, bridgeId=bridge_id, channel=channel_id)

    async def destroy_bridge(self, bridge_id: str) -> None:
        """Take the bridge down; does nothing when it is gone."""
        await self._unless_missing("bridges.destroy", bridgeId=bridge_id)
