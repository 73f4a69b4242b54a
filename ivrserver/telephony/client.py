"""ARI's operations as typed methods.

What a status means: below 400 it worked; 404, 409 and 422 on a channel mean that the call has
moved on or is gone (`ChannelGone`); everything else is `AriRefused`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from ivrserver.config import FIRST_ASTERISK
from ivrserver.errors import AriRefused
from ivrserver.flow.kept import Replay, no_replay
from ivrserver.telephony.operations import Operations, reason_of
from ivrserver.telephony.router import Event
from ivrserver.telephony.transport import Download, Transport
from ivrserver.telephony.watching import GONE, UNWATCHED, AriWatcher

_SIP = "res_pjsip"
"""Whose objects can be made at run time: sorcery.conf."""

LEG = "leg"
"""Argument of the StasisStart of every channel that we make: it is no call to us."""


class Ari:
    """One Asterisk, as this controller's Stasis application sees it.

    Every method raises `AriUnavailable` when there is no connection or no answer in time,
    `AriRefused` when Asterisk answers with an error, and those on a channel `ChannelGone`.

    Attributes:
        application: our Stasis application name.
        asterisk: this Asterisk's name.
        elsewhere: finds the recordings that this Asterisk does not have.
    """

    def __init__(
        self,
        transport: Transport,
        application: str,
        watcher: AriWatcher = UNWATCHED,
        asterisk: str = FIRST_ASTERISK,
    ) -> None:
        self._transport = transport
        self._operations = Operations(transport, watcher)
        self.application = application
        self.asterisk = asterisk
        self.elsewhere: Replay = no_replay

    @property
    def by_socket(self) -> bool:
        """Whether requests travel over the WebSocket where they may."""
        return self._operations.by_socket

    async def load(self) -> None:
        """Read the Swagger files. Needs HTTP only, and must come before anything else."""
        await self._operations.load()

    def use_http_only(self) -> None:
        """Send everything by HTTP: there will be no WebSocket any more."""
        self._operations.use_http_only()

    # The application.

    async def ping(self) -> None:
        """Check that Asterisk answers."""
        await self._operations.call("asterisk.ping")

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
            raise AriRefused(f"event filter: {reason_of(reply)}", reply.status)

    async def claim(self, channel_id: str) -> bool:
        """Take a broadcast call; False: somebody else has it, or it is over."""
        try:
            await self._operations.call(
                "events.claimChannel", channelId=channel_id, application=self.application
            )
        except AriRefused as error:
            if error.status in GONE:
                return False
            raise
        return True

    async def channels_of(self, application: str) -> set[str]:
        """Ids of the channels that belong to that application; none if there is no such one."""
        reply = await self._operations.unless_missing(
            "applications.get", applicationName=application
        )
        return set() if reply is None else set(reply.json()["channel_ids"])

    async def channels(self) -> list[Event]:
        """Every channel of this Asterisk."""
        return list((await self._operations.call("channels.list")).json())

    async def has_channel(self, channel_id: str) -> bool:
        """Whether that channel is there."""
        return (
            await self._operations.unless_missing("channels.get", channelId=channel_id) is not None
        )

    async def bridges(self) -> list[Event]:
        """Every bridge of this Asterisk."""
        return list((await self._operations.call("bridges.list")).json())

    # Channels.

    async def answer(self, channel_id: str) -> None:
        """Answer the channel."""
        await self._operations.call("channels.answer", GONE, channelId=channel_id)

    async def hang_up(self, channel_id: str, reason: str = "normal") -> None:
        """Hang the channel up; `reason` is one of ARI's words."""
        await self._operations.call("channels.hangup", GONE, channelId=channel_id, reason=reason)

    async def leave_to_dialplan(self, channel_id: str) -> None:
        """Let the channel go on in the dialplan."""
        await self._operations.call("channels.continueInDialplan", GONE, channelId=channel_id)

    async def go_to(self, channel_id: str, context: str, extension: str) -> None:
        """Let the channel go on at a place of the dialplan."""
        await self._operations.call(
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
        await self._operations.call("channels.move", GONE, channelId=channel_id, app=application)

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        """Set a variable that the dialplan reads."""
        await self._operations.call(
            "channels.setChannelVar", GONE, channelId=channel_id, variable=name, value=value
        )

    async def watch(self, channel_id: str) -> None:
        """Be told of the channel's end also while it is in the dialplan."""
        await self._operations.call(
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
        await self._operations.call(
            "channels.originateWithId",
            channelId=channel_id,
            endpoint=f"Local/{extension}@{context}/n",
            app=self.application,
            variables={f"__{name}": value for name, value in variables.items()},
        )

    async def start_ringing(self, channel_id: str) -> None:
        """Let the channel hear ringing."""
        await self._operations.call("channels.ring", GONE, channelId=channel_id)

    async def stop_ringing(self, channel_id: str) -> None:
        """End it."""
        await self._operations.call("channels.ringStop", GONE, channelId=channel_id)

    async def start_hold(self, channel_id: str) -> None:
        """Let the channel hear hold music."""
        await self._operations.call("channels.startMoh", GONE, channelId=channel_id)

    async def stop_hold(self, channel_id: str) -> None:
        """End it."""
        await self._operations.call("channels.stopMoh", GONE, channelId=channel_id)

    async def packets_received(self, channel_id: str) -> int | None:
        """How many RTP packets have come in; None: this channel has no RTP."""
        reply = await self._operations.unless_missing(
            "channels.rtpstatistics", channelId=channel_id
        )
        return None if reply is None else int(reply.json()["rxcount"])

    async def create(
        self, endpoint: str, channel_id: str, originator: str, variables: Mapping[str, str]
    ) -> None:
        """Make a channel to `endpoint`, in our application, not dialled yet.

        Its StasisStart has the argument `LEG`.
        """
        await self._operations.call(
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
        await self._operations.call("channels.dial", GONE, channelId=channel_id, timeout=seconds)

    # Media.

    async def play(self, channel_id: str, playback_id: str, media: Sequence[str]) -> None:
        """Play `media`, one after the other, without gaps."""
        await self._operations.call(
            "channels.playWithId",
            GONE,
            channelId=channel_id,
            playbackId=playback_id,
            media=",".join(media),
        )

    async def stop_playback(self, playback_id: str) -> bool:
        """Stop it; False: it had ended already."""
        return (
            await self._operations.unless_missing("playbacks.stop", playbackId=playback_id)
            is not None
        )

    async def is_playing(self, playback_id: str) -> bool:
        """Whether that playback still exists."""
        return (
            await self._operations.unless_missing("playbacks.get", playbackId=playback_id)
            is not None
        )

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
        await self._operations.call(
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
        return (
            await self._operations.unless_missing("recordings.stop", recordingName=name) is not None
        )

    async def is_recording(self, name: str) -> bool:
        """Whether that recording still goes on."""
        return (
            await self._operations.unless_missing("recordings.getLive", recordingName=name)
            is not None
        )

    async def has_recording(self, name: str) -> bool:
        """Whether there is a finished recording of that name."""
        return (
            await self._operations.unless_missing("recordings.getStored", recordingName=name)
            is not None
        )

    async def delete_recording(self, name: str) -> bool:
        """Remove a finished recording; False: there is none of that name."""
        reply = await self._operations.unless_missing("recordings.deleteStored", recordingName=name)
        return reply is not None

    async def recording_file(self, name: str) -> bytes:
        """The WAV file of a finished recording."""
        reply = await self._operations.call("recordings.getStoredFile", recordingName=name)
        return reply.body if isinstance(reply.body, bytes) else reply.body.encode()

    def download(self, url: str) -> Download:
        """``async with``: a file, piece by piece, however long it is; see `HttpRoute.download`."""
        return self._transport.http.download(url)

    # Bridges.

    async def create_bridge(self, bridge_id: str) -> None:
        """Make a bridge that mixes audio and reports keys."""
        await self._operations.call(
            "bridges.createWithId", bridgeId=bridge_id, type="mixing,dtmf_events"
        )

    async def add_to_bridge(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        """Put channels into the bridge; their media must have ended."""
        await self._operations.call(
            "bridges.addChannel",
            frozenset({400, 422}),
            bridgeId=bridge_id,
            channel=",".join(channel_ids),
        )

    async def remove_from_bridge(self, bridge_id: str, channel_id: str) -> None:
        """Take a channel out; returns when it has left."""
        gone = frozenset({400, 404, 422})
        await self._operations.call(
            "bridges.removeChannel", gone, bridgeId=bridge_id, channel=channel_id
        )

    async def destroy_bridge(self, bridge_id: str) -> None:
        """Take the bridge down; does nothing when it is gone."""
        await self._operations.unless_missing("bridges.destroy", bridgeId=bridge_id)

    # SIP objects that live as long as Asterisk does.

    async def configure(self, kind: str, name: str, fields: Mapping[str, str]) -> None:
        """Make the SIP object `name`, or replace it; gone when Asterisk is started anew.

        Args:
            kind: ``auth``, ``aor`` or ``endpoint``.
            fields: as in pjsip.conf.
        """
        # A tuple: of a list aioari would make one text.
        pairs = tuple({"attribute": field, "value": value} for field, value in fields.items())
        await self._operations.call(
            "asterisk.updateObject", configClass=_SIP, objectType=kind, id=name, fields=pairs
        )

    async def remove(self, kind: str, name: str) -> bool:
        """Take such an object away; False: there is none."""
        reply = await self._operations.unless_missing(
            "asterisk.deleteObject", configClass=_SIP, objectType=kind, id=name
        )
        return reply is not None

    async def endpoints(self) -> list[Event]:
        """Every SIP endpoint: its name as ``resource``, its ``state``, its ``channel_ids``."""
        reply = await self._operations.unless_missing("endpoints.listByTech", tech="PJSIP")
        # Of none at all Asterisk says that it knows no SIP.
        return [] if reply is None else list(reply.json())

    async def endpoint(self, name: str) -> Event | None:
        """One of them; None: there is none of that name."""
        reply = await self._operations.unless_missing("endpoints.get", tech="PJSIP", resource=name)
        return None if reply is None else dict(reply.json())

    async def has_module(self, name: str) -> bool:
        """Whether that module is loaded, such as ``res_srtp.so``."""
        reply = await self._operations.unless_missing("asterisk.getModule", moduleName=name)
        return reply is not None and reply.json()["status"] == "Running"
