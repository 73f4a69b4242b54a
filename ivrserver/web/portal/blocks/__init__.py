"""The pages of building blocks, one module for each kind; `pages` has what all kinds share."""

from ivrserver.web.portal.blocks.findme import findme_pages
from ivrserver.web.portal.blocks.hear import Voices, hear_routes
from ivrserver.web.portal.blocks.ivr import ivr_pages
from ivrserver.web.portal.blocks.pages import BlockPage, Place, block_pages
from ivrserver.web.portal.blocks.receptionist import receptionist_pages
from ivrserver.web.portal.blocks.voicemail import voicemail_pages
from ivrserver.web.portal.blocks.webhook import webhook_pages

__all__ = [
    "BlockPage",
    "Place",
    "Voices",
    "block_pages",
    "findme_pages",
    "hear_routes",
    "ivr_pages",
    "receptionist_pages",
    "voicemail_pages",
    "webhook_pages",
]
