"""How customers' web servers are called."""

from __future__ import annotations

from pydantic import Field, IPvAnyNetwork

from ivrserver.config.section import Seconds, Section


class WebhookSettings(Section):
    """Limits of a request to a customer's web server."""

    connect_timeout: Seconds = 5.0
    """Seconds until a connection must stand."""
    total_timeout: Seconds = 15.0
    """Seconds until the whole reply must be there."""
    hold_after: Seconds = 1.5
    """Seconds after which a waiting caller hears hold music."""
    max_reply_bytes: int = Field(default=65536, ge=1024)
    """Longest reply that is read."""
    allow: tuple[IPvAnyNetwork, ...] = ()
    """Networks such as `10.1.2.0/24` whose web servers are called besides the public Internet's."""
    allow_private: bool = False
    """Call those of all private and loopback addresses too; never of link-local and cloud metadata
    ones."""

    @property
    def longest_delivery(self) -> float:
        """Seconds that it may take to ask Target URL and fallback URL, each twice."""
        return 4 * self.total_timeout
