"""``python -m ivrserver.programs NAME…``: `ivrserver fetch` where nothing else is installed."""

from __future__ import annotations

from ivrserver.programs.command import alone, fetch

if __name__ == "__main__":
    alone(fetch, "python -m ivrserver.programs")
