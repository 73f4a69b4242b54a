"""The page of a FindMe: whom it calls, what they hear, and where callers go whom nobody takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ivrserver.blocks import Block, FindMe, Ivr, Receptionist, Voicemail
from ivrserver.blocks.findme_forms import FindMeForm
from ivrserver.web.portal.blocks.hours import shown_hours, ticked_days
from ivrserver.web.portal.blocks.one_form import OneForm
from ivrserver.web.portal.blocks.pages import Place
from ivrserver.web.portal.forms import Choices, FormView
from ivrserver.web.portal.places import leads

SCREENING: Final = {
    "record_name": "The caller's name, which they are asked to say",
    "whisper_phrase": "A text",
    "whisper_audio": "A sound file",
}
ACCEPTING: Final = {
    "ask": "Each person called is asked to accept",
    "first_to_answer": "Whoever answers first gets the call",
    "last_number_screened": "The last number gets it unasked, and hears who calls",
    "last_number_unscreened": "The last number gets it unasked, at once",
}
ORDERS: Final = {
    "sequential": "As written",
    "random": "Shuffled for every call",
    "round_robin": "In turn: each call begins one further",
}
SHOWN: Final = {"caller": "The caller's", "ours": "The number that was called"}
NEXT: Final = {
    "hangup": "Say that nobody is available, and hang up",
    "accept_last_screened": "Give it to the last number, who hears who calls",
    "accept_last_unscreened": "Give it to the last number at once",
}


def findme_pages(place: Place) -> OneForm:
    """What makes the pages of FindMes."""

    async def more(choices: Choices, form: FormView, block: Block | None) -> Mapping[str, Any]:
        del form
        return {
            "screening": SCREENING,
            "accepting": ACCEPTING,
            "orders": ORDERS,
            "shown_ids": SHOWN,
            "next_actions": next_actions(choices),
            "ticked_days": ticked_days,
            "hours": shown_hours(block, datetime.now(UTC), place.pages.zone),
            "facts": _facts(choices, block) if isinstance(block, FindMe) else (),
        }

    return OneForm(place, FindMeForm, {"phones": [""]}, more)


def next_actions(choices: Choices) -> list[Any]:
    """What the menu of next actions offers."""
    groups: dict[str, tuple[str, type[Block]]] = {
        "Voicemail boxes": ("voicemail", Voicemail),
        "Receptionists": ("receptionist", Receptionist),
        "FindMes": ("findme", FindMe),
        "IVRs": ("ivr", Ivr),
    }
    found = [(title, choices.of_kind(kind, word)) for title, (word, kind) in groups.items()]
    return [*NEXT.items(), *((title, blocks) for title, blocks in found if blocks)]


def _facts(choices: Choices, block: FindMe) -> list[tuple[str, str]]:
    """What viewers are told."""
    names = {each.block_id: each.name for each in choices.account.blocks}
    item = block.next_action_item
    fallback = NEXT.get(block.next_action.name.lower(), NEXT["hangup"])
    closed = leads(block.closed, choices.account).text if block.closed else "as when nobody answers"
    music = block.hold_music or "the standard music"
    return [
        ("Called at once", str(block.simultaneous)),
        ("Each rings for", f"{block.timeout} seconds"),
        ("The list is tried", f"{block.loops} times" if block.loops != 1 else "once"),
        ("Order", ORDERS[block.distribution.value]),
        ("They hear", block.whisper_phrase or block.whisper_audio
         or SCREENING[block.screen_method.name.lower()]),
        ("Accepting", ACCEPTING[block.auto_accept.name.lower()]),
        ("Accepted by", "a key" if block.dtmf_only else "a key, or a spoken yes"),
        ("Recorded", "yes, after a warning" if block.record else "no"),
        ("The caller hears", "ringing" if block.ringing else music),
        ("Number shown", SHOWN[block.caller_id.value]),
        ("When nobody takes it", names.get(item, f"block {item}") if item else fallback),
        ("When closed", closed),
        ("Language", block.language),
    ]  # fmt: skip
