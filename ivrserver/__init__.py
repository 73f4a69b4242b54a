"""A telephony IVR server: Asterisk carries the calls, asyncio Python decides what happens."""

__version__ = "0.1.0"
