"""Controllers in processes of their own, which tests start, kill and start again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from ivrserver.config import Settings
from ivrserver.telephony.asterisk import ports
from tests.telephony.program import Running, environment, running_program

BEAT, LEASE = 0.3, 1.5
"""Seconds; a takeover need not be waited for long."""


@dataclass
class Node:
    """One controller."""

    name: str
    program: Running
    http: int

    async def kill(self) -> None:
        """End it as a power failure would."""
        if self.program.process.returncode is not None:
            return
        self.program.process.kill()
        await self.program.process.wait()

    async def stop(self) -> int:
        """Tell it to stop, as a service manager would; its exit status."""
        return await self.program.stops(signal.SIGTERM, 40.0)

    def freeze(self) -> None:
        """Let it stand still."""
        self.program.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.program.process.send_signal(signal.SIGCONT)


@dataclass
class Nodes:
    """The controllers of one Asterisk.

    Attributes:
        extra: more of their environment.
    """

    settings: Settings
    stack: AsyncExitStack
    extra: dict[str, str] = field(default_factory=dict)
    running: list[Node] = field(default_factory=list)

    async def start(self, instance: int, **extra: str) -> Node:
        """Start a controller; returns when it serves calls. Of one name, or another one."""
        http = ports.fresh(self.settings).http.port
        env = environment(self.settings) | {
            "IVRSERVER_DATABASE__URL": self.settings.database_url,
            "IVRSERVER_ARI__PASSWORD": self.settings.ari.password.get_secret_value(),
            "IVRSERVER_ARI__INSTANCE": str(instance),
            "IVRSERVER_HTTP__PORT": str(http),
            "IVRSERVER_CLUSTER__BEAT": str(BEAT),
            "IVRSERVER_CLUSTER__LEASE": str(LEASE),
            "IVRSERVER_LISTENING__ENGINES": "[]",
            "IVRSERVER_WEBHOOK__TOTAL_TIMEOUT": str(self.settings.webhook.total_timeout),
            **self._trunks(),
            **self.extra,
            **extra,
        }
        program = await self.stack.enter_async_context(running_program("serve", env=env))
        node = Node(f"ivr-main-{instance}", program, http)
        self.running.append(node)
        await program.says("serving calls", 60.0)
        return node

    def _trunks(self) -> dict[str, str]:
        return {
            f"IVRSERVER_TRUNKS__{name.upper()}__{key}": value
            for name, trunk in self.settings.trunks.items()
            for key, value in (("HOST", trunk.host), ("PORT", str(trunk.port)))
        }


@asynccontextmanager
async def nodes_of(settings: Settings) -> AsyncIterator[Nodes]:
    """None yet; those that still run at the end are killed."""
    async with AsyncExitStack() as stack:
        nodes = Nodes(settings, stack)
        yield nodes
        await asyncio.gather(*(node.kill() for node in nodes.running))
