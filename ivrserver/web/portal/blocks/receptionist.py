"""The page of a Virtual Receptionist: greeting, menu, opening hours, and what is offered then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ivrserver.blocks import Account, Block
from ivrserver.blocks.receptionist import Menu
from ivrserver.blocks.receptionist_forms import MenuForm, ReceptionistForm
from ivrserver.web.portal.blocks.hours import shown_hours, ticked_days
from ivrserver.web.portal.blocks.one_form import OneForm
from ivrserver.web.portal.blocks.pages import Place
from ivrserver.web.portal.forms import Choices, FormView
from ivrserver.web.portal.places import Leads, leads

_EMPTY = FormView.new(MenuForm, {"prompt": "", "keys": {"1": "hangup"}}).typed
"""A menu to begin with."""


def receptionist_pages(place: Place) -> OneForm:
    """What makes the pages of receptionists."""

    async def more(choices: Choices, form: FormView, block: Block | None) -> Mapping[str, Any]:
        return {
            "ticked_days": ticked_days,
            "hours": shown_hours(block, datetime.now(UTC), place.pages.zone),
            "menus": {name: with_menu(form, name) for name in ("closed", "holiday")},
            "account": choices.account,
            "keys_of": keys_of,
            "leads_to": leads,
        }

    starts = {"greeting": "", "menu": _EMPTY}
    return OneForm(place, ReceptionistForm, starts, more)


def with_menu(form: FormView, name: str) -> FormView:
    """The form with a menu to fill in where there is none, or a place instead."""
    if form.value(f"{name}.prompt") or form.value(f"{name}.keys"):
        return form
    return replace(form, typed=dict(form.typed) | {name: _EMPTY})


def keys_of(menu: Menu, account: Account) -> list[tuple[str, Leads]]:
    """Where each key and extension of a menu leads, for viewers."""
    ways = [*menu.keys.items(), *menu.extensions.items()]
    return [(key, leads(place, account)) for key, place in ways]
