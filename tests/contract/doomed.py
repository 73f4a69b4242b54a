"""A controller in a process of its own, made to be killed. Settings come from the environment."""

from __future__ import annotations

import asyncio

from ivrserver.config import load
from ivrserver.flow.ports import Channel, IncomingCall
from ivrserver.telephony.switchboard import Switchboard


async def main() -> None:
    switchboard = Switchboard(load())

    async def hold(channel: Channel, _call: IncomingCall) -> None:
        await channel.answer()
        await switchboard._ari.create_bridge(f"{switchboard._ari.application}-left")
        print("answered", flush=True)
        await asyncio.wait({channel.gone})

    running = asyncio.create_task(switchboard.run(hold))
    await switchboard.ready.wait()
    print("ready", flush=True)
    await running


if __name__ == "__main__":
    asyncio.run(main())
