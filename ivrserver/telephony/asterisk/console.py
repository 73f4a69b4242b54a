"""Asterisk's console, for what ARI does not tell."""

from __future__ import annotations

import asyncio
from typing import Final

from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk.process import Installation

_SECONDS: Final = 5.0


async def console(installation: Installation, command: str) -> str:
    """Give a command to the running Asterisk's console.

    Returns:
        What it printed.

    Raises:
        SetupError: Asterisk does not answer.
    """
    process = await asyncio.create_subprocess_exec(
        *installation.argv,
        "-rx",
        command,
        env=installation.env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        raise SetupError(f"Asterisk's console does not answer to: {command}") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    if process.returncode != 0:
        raise SetupError(f"Asterisk's console: {text.strip()}")
    return text
