"""Settings of the softphone in the portal."""

from __future__ import annotations

from ivrserver.config.section import Section


class SoftphoneSettings(Section):
    """The softphone in the portal: calls from and to a browser, over WebRTC."""

    enabled: bool = True
    """Let users with the right for it call from the portal, and be called there by their name."""
