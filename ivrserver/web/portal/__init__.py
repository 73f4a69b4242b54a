"""The portal: pages for people."""

from ivrserver.web.portal.assets import Assets, asset_routes
from ivrserver.web.portal.errors import show_errors
from ivrserver.web.portal.render import Pages

__all__ = ["Assets", "Pages", "asset_routes", "show_errors"]
