"""How routes of the API answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse

from ivrserver.blocks import Ivr
from ivrserver.blocks.editing import version_of
from ivrserver.blocks.forms import form_of
from ivrserver.web.api.conditions import tag

NOT_KEPT: Final = {"Cache-Control": "no-store"}


def tree_of(item: Any) -> dict[str, Any]:
    """A block, question or number as flow files spell it, with its defaults.

    The secret of a webhook that has one is left out: nobody reads it back.
    """
    tree: dict[str, Any] = form_of(item).model_dump(mode="json", by_alias=True)
    if isinstance(item, Ivr) and item.webhook.secret:
        del tree["webhook"]["secret"]
    return tree


def resource(
    item: Any, status: HTTPStatus = HTTPStatus.OK, location: str = "", version: str = ""
) -> JSONResponse:
    """An answer that is one thing of the account, with its version.

    Args:
        item: a value that has a form.
        status: 201 if it is new.
        location: where it can be had.
        version: of what it is part of; empty: its own.
    """
    headers = NOT_KEPT | {"ETag": tag(version or version_of(item))}
    if location:
        headers["Location"] = location
    return JSONResponse(tree_of(item), status, headers)
